import Git
import Migration
import Supervision
import System

/// Makes the walls for the children of a plan's steps in this repository.
package struct WallBuilder {
  private let site: Site
  private let plan: Plan
  private var walls: Walls
  private let home: String?

  /// What of the network's set-up lies where sockets of services do.
  private static let resolvers = [
    "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf",
  ]
  /// Caches of build tools below the home that everybody shares, and which hold nothing secret.
  private static let caches = [
    ".m2/repository", ".gradle/caches", ".gradle/wrapper", ".cargo/registry", ".cargo/git", ".npm",
    ".nuget/packages", "go/pkg", ".ivy2/cache", ".sbt", ".yarn", ".bun/install", ".pub-cache", ".cache/pip",
    ".cache/uv", ".cache/go-build", ".cache/pypoetry", ".cache/yarn", ".cache/ccache", ".cache/sccache",
    ".cache/org.swift.swiftpm", ".cache/ms-playwright", ".cache/pre-commit", ".local/share/pnpm",
  ]
  /// What git is told below the home, in which secrets may stand; and of which files.
  private static let settings = [".gitconfig", ".config/git/config"]
  private static let patterns = [".config/git/ignore", ".config/git/attributes"]
  /// Toolchains below the home.
  private static let toolchains = [
    ".rustup", ".pyenv", ".nvm", ".asdf", ".sdkman", ".rbenv", ".volta", ".local/lib", ".local/bin",
    ".local/share/mise", ".local/share/uv", ".swiftly", ".ghcup", ".dotnet",
  ]

  /// Places that everybody on the machine writes to, and where services have their sockets.
  private static let shared = ["/tmp", "/var/tmp", "/run"]
  private let isPrivate: Bool

  /// Begins with what all of them have in common; `nil` when the plan's children are shut in nothing.
  ///
  /// What the machine shares is kept from agents, and from all when a sandbox is required. Otherwise a plan's
  /// own commands, which the user has read, find there what they found before there was a sandbox.
  package init?(_ site: Site, _ plan: Plan, ofAgent: Bool) throws(CommandError) {
    guard case .bubblewrap(let program) = try site.sandbox(of: plan),
      let entry = Files.realPath("/proc/self/exe")
    else { return nil }
    self.site = site
    self.plan = plan
    walls = Walls(program: program, entry: entry)
    walls.memoryBytes = plan.limits.memoryBytes
    home = site.environment["HOME"].flatMap(Files.realPath).flatMap { $0.count > 1 ? $0 : nil }
    let common = site.repository.commonDirectory
    isPrivate = ofAgent || site.requiresSandbox(plan)
    let own = site.environment["TMPDIR"].map { [$0] } ?? []
    for place in WallBuilder.shared + own { isPrivate ? hide(place) : allow(place, .writable) }
    hide(try site.worktreeRoot())
    if let home { hide(home) }
    if let main = try? site.mainDirectory() { hide(main) }
    allow(common, .readable)
    hide(site.localDirectory)
    for place in WallBuilder.resolvers { allow(place, .readable) }
    alternates(of: common)
    programs()
    if let home {
      for place in WallBuilder.caches { allow(home + "/" + place, .writable) }
      let others = WallBuilder.patterns + WallBuilder.toolchains + (isPrivate ? [] : WallBuilder.settings)
      for place in others { allow(home + "/" + place, .readable) }
    }
    if isPrivate {
      let shown = ShownSettings(site)
      let file = try shown.file()
      for place in shown.places(home: home) { walls.set(place, .shown(from: file)) }
      if let (place, other) = try shown.repository() { walls.set(place, .shown(from: other)) }
    }
    for place in plan.worktree.read { allow(absolute(place), .readable) }
    if !ofAgent { for place in plan.home { allow(absolute(place), .writable) } }
    walls.set(entry, .readable)
  }

  /// The walls with a worktree that may be written, but for the file that leads to its registration, and with
  /// a folder for what is temporary where that is its own, which is emptied unless it is not fresh; without
  /// one that is kept in memory. `others` may be written, too.
  package mutating func finished(
    worktree: String, temporary: String?, isFresh: Bool = true, writing others: [String]
  ) throws(CommandError) -> Walls {
    for place in [worktree] + others { allow(place, .writable) }
    allow(worktree + "/.git", .readable)
    walls.memoryGroup = walls.memoryBytes.flatMap(MemoryGroup.make)
    guard let temporary else { return walls }
    try reporting { () throws -> Void in
      if isFresh { try Files.removeTree(temporary) }
      try site.makeOwnFolder(temporary)
    }
    let real = Files.realPath(temporary) ?? temporary
    if isPrivate { walls.set("/tmp", .replaced(by: real)) } else { walls.set(real, .writable) }
    return walls
  }

  /// Lets the child see what an agent keeps below the home: conversations and keys, and what the plan names.
  /// What tells the agent of a later, unwalled run what to do can only be read.
  package mutating func open(for agent: Plan.Agent) {
    guard let home else { return }
    let own = AgentHome(adapter: agent.adapter)
    for folder in own.folders where !Files.exists(home + "/" + folder) {
      // Conversations that are to go on have to stay somewhere.
      try? Files.makeDirectories(home + "/" + folder, mode: 0o700)
    }
    for place in own.folders + own.files { allow(home + "/" + place, .writable) }
    for place in agent.home { allow(absolute(place), .writable) }
    for place in own.settings { allow(home + "/" + place, .readable) }
    for folder in own.mixed {
      // What the user has put there is obeyed; what the agent puts there is gone with it.
      if !Files.exists(home + "/" + folder) { try? Files.makeDirectories(home + "/" + folder, mode: 0o700) }
      hide(home + "/" + folder)
      for name in (try? Files.listDirectory(home + "/" + folder)) ?? [] {
        allow(home + "/" + folder + "/" + name, .readable)
      }
    }
  }

  /// Takes the network away.
  package mutating func cutNetwork() { walls.hasNetwork = false }

  /// Puts a folder at a place of its own inside.
  package mutating func place(_ folder: String, at path: String) {
    walls.set(path, .replaced(by: Files.realPath(folder) ?? folder))
  }

  /// Lets a file or folder be read.
  package mutating func show(_ path: String) { allow(path, .readable) }

  // MARK: Pieces

  /// `~/x` is below the home, `../x` beside the main worktree.
  private func absolute(_ place: String) -> String {
    if place.hasPrefix("/") { return place }
    if place.hasPrefix("~/") { return (home ?? "") + place.dropFirst(1) }
    return ((try? site.mainDirectory()) ?? site.directory) + "/" + place
  }

  private mutating func hide(_ path: String) {
    guard let real = Files.realPath(path), real.count > 1, Files.kind(real) == .directory else { return }
    walls.set(real, .hidden)
  }

  private mutating func allow(_ path: String, _ place: Walls.Place) {
    guard let real = Files.realPath(path), real.count > 1 else { return }
    walls.set(real, place)
  }

  /// Where objects are borrowed from.
  private mutating func alternates(of common: String) {
    let bytes = (try? Files.readFile(common + "/objects/info/alternates", limit: 1 << 16)).flatMap(\.self)
    for line in String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n") {
      allow(line.hasPrefix("/") ? String(line) : "\(common)/objects/\(line)", .readable)
    }
  }

  /// The folders in which programs are looked for, where they are hidden; with a folder `bin` what it is part
  /// of, and with a link what that leads to.
  private mutating func programs() {
    let shared = ["", "/.local", "/.cargo"].map { (home ?? "/nowhere") + $0 }
    for entry in (site.environment["PATH"] ?? "").split(separator: ":").map(String.init) {
      guard entry.hasPrefix("/"), let real = Files.realPath(entry) else { continue }
      if walls.hides(real) { allow(real, .readable) }
      let above = Files.parent(of: real)
      if real.hasSuffix("/bin"), !shared.contains(above), walls.hides(above) { allow(above, .readable) }
      for name in ["claude", "codex"] {
        guard let program = Files.realPath(entry + "/" + name) else { continue }
        if walls.hides(program) { allow(Files.parent(of: program), .readable) }
      }
    }
  }
}

/// What an agent of an adapter keeps below the home.
struct AgentHome {
  /// Folders that it writes.
  var folders: [String] = []
  /// Files that it writes.
  var files: [String] = []
  /// Folders of orders in which it puts some of its own.
  var mixed: [String] = []
  /// What it reads as orders: settings, hooks, and whatever else it runs or obeys.
  var settings: [String] = []

  init(adapter: String) {
    switch adapter {
    case "claude":
      folders = [".claude"]
      files = [".claude.json"]
      settings = [
        "settings.json", "settings.local.json", "hooks", "plugins", "commands", "agents", "skills",
        "output-styles", "CLAUDE.md",
      ].map { ".claude/" + $0 }
    case "codex":
      folders = [".codex"]
      mixed = [".codex/skills"]
      settings = ["config.toml", "hooks.json", "hooks", "AGENTS.md", "rules", "prompts"].map {
        ".codex/" + $0
      }
    default: break
    }
  }
}
