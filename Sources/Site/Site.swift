import Gate
import Git
import Ledger
import Migration
import Supervision
import System

/// One repository with everything a command needs to work in it: made once at the start of a command.
public final class Site {
  /// The repository, as found from the working directory.
  public let repository: Repository
  /// The `git` program, for what hooks must see or what touches the network.
  public private(set) var git: GitProgram
  /// The ledger of the repository.
  public let ledger: Ledger
  /// The environment the command was started with.
  public let environment: [String: String]
  /// The directory the command was started in, absolute.
  public let directory: String
  /// The wall clock.
  public let clock: any WallClock
  /// The supervisors of what is started here.
  public let supervisors = Supervisors()
  /// How this process left the worktrees of the gate, by slot: what it did not leave so itself is not
  /// believed.
  package var gateSeals: [String: WorkTreeSeal] = [:]
  /// What failed while the disk was full and was heard of then.
  package var crowded: Set<String> = []
  /// What toolchains said that a gate is about to rest on, by their commands.
  package var toolchains: [String: ToolchainAnswer] = [:]
  /// What services judge for this process now.
  package var services = Services()
  /// Whether a person was told already what leads verifiers to code outside of the candidate.
  package var isOutsideCodeTold = false
  /// What the machine has left, given the folders that are written to.
  package var readings: ([String]) -> MachineReadings = MachineReadings.now
  /// Whether what killed runs have left of their workers' sockets was looked for.
  package var hasSweptRelays = false
  /// The file with what is shown of the user's settings of git, once it was made.
  package var seenShownSettings: String?
  /// The repository's settings as they were when it was looked what of them is shown, and the file with that.
  package var seenRepositorySettings: (bytes: [UInt8], file: String?)?
  /// Whether bubblewrap works here, once it was tried.
  package var seenBubblewrap: SandboxProbe?
  /// The files that were looked at when the repository's own commands were last found to be approved.
  package var seenCommandFiles: CommandFiles?
  /// The places of git's and our own files where nothing lay when this command began, once it has looked.
  package var absentPlaces: Set<String>?
  /// What was moved away from there since, in words for people, until it is told.
  package var oddPlaces: [String] = []
  /// What this process took for approved of the repository, for a user without a folder to keep that in.
  package var seenCommands: RepositoryCommands?
  /// Who commits were to be by when this command began.
  package var seenCommitting: [CommandSetting]?
  private var knownIdentity: GitProgram.Identity?
  /// The top of the main worktree, once it was looked for; there may be none.
  private var knownMain: String??
  /// The folder of the slots, once it was asked for.
  private var knownRoot: String?
  private var knownActor: String?
  /// Whether git signs commits here, once it was asked.
  package var knownSigning: Bool?

  /// Finds the repository from `directory`.
  public init(
    directory: String, environment: [String: String], clock: any WallClock = SystemClock(),
    randomness: any RandomSource = SystemRandomness()
  ) throws(CommandError) {
    let environment = Site.withAbsolutePaths(Site.withOwnProgram(environment), in: directory)
    let found = try reporting { () throws -> (Repository, GitProgram) in
      let repository = try Repository.discover(from: directory, environment: environment)
      // A file that cannot be trusted approves nothing; what needs an approval says so.
      let approved = try? CommandTrust(
        environment: environment, repository: repository.commonDirectory)?.approved()
      return (repository, GitProgram(repository, approved: approved?.settings ?? []))
    }
    repository = found.0
    git = found.1
    guard try !reporting({ try found.0.isBareByMistake() }) else {
      throw CommandError(
        "'core.bare' is true in '\(found.0.commonDirectory)/config', and yet people work beside it",
        hint: "some tool has set it; run 'git config core.bare false'")
    }
    let common = repository.commonDirectory
    ledger = Ledger(
      repository: repository, clock: clock, randomness: randomness,
      witness: StateFolder.path(environment).map { Witness(folder: $0 + "/seen", commonDirectory: common) },
      redact: Redactor(environment: environment).redact)
    self.environment = environment
    self.directory = directory
    self.clock = clock
  }

  /// Who the commits are by that this command makes, at this moment. git is asked once.
  ///
  /// Throws when git knows no address of the user.
  public func identity() throws(CommandError) -> GitProgram.Identity {
    if knownIdentity == nil { knownIdentity = try reporting { try git.committingIdentity() } }
    guard let knownIdentity else { throw CommandError("git gave no identity") }
    return knownIdentity.at(clock.now().seconds)
  }

  /// Throws when git knows no address of the user. Where the settings name somebody, git's own answer can
  /// wait until something is committed: a claim commits nothing.
  package func requireIdentity() throws(CommandError) {
    func isNamed(_ role: String, _ part: String) throws -> Bool {
      let text = try environment["GIT_\(role)_\(part.uppercased())"] ?? repository.config("user.\(part)")
      return text?.contains { $0.isLetter || $0.isNumber } ?? false
    }
    let areNamed = try reporting {
      try ["AUTHOR", "COMMITTER"].allSatisfy { role in
        try ["name", "email"].allSatisfy { try isNamed(role, $0) }
      }
    }
    if !areNamed { _ = try identity() }
  }

  /// From now on git runs what was approved just now.
  package func use(_ approved: [CommandSetting]) {
    git = GitProgram(repository, approved: approved)
    seenCommandFiles = nil
  }

  /// The hooks of the repository call `git-migrate`; a program that was started by its path must be found by
  /// them.
  private static func withOwnProgram(_ environment: [String: String]) -> [String: String] {
    guard let program = Files.realPath("/proc/self/exe") else { return environment }
    let folder = Files.parent(of: program)
    let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    guard !path.split(separator: ":").contains(where: { $0 == folder }) else { return environment }
    return environment.merging(["PATH": path + ":" + folder]) { $1 }
  }

  /// What is started elsewhere finds the same files of settings.
  private static func withAbsolutePaths(
    _ environment: [String: String], in directory: String
  ) -> [String: String] {
    var result = environment
    for name in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
      guard let path = environment[name], !path.isEmpty, !path.hasPrefix("/") else { continue }
      result[name] = "\(directory)/\(path)"
    }
    return result
  }

  /// The folder of everything that belongs to this clone only: locks, logs, prompts.
  public var localDirectory: String { repository.commonDirectory + "/migrate" }

  /// The folder outside the repository in which worktree slots are made (`migrate.worktreeRoot`, by default
  /// `../<repository>.migrate`). Throws in a bare repository, and not in a worktree of one.
  ///
  /// It stays what it was when this process asked first: it is asked with each step, and a worker can write
  /// the configuration.
  public func worktreeRoot() throws(CommandError) -> String {
    if let knownRoot { return knownRoot }
    let root = try configuredRoot()
    knownRoot = root
    return root
  }

  private func configuredRoot() throws(CommandError) -> String {
    let configured = try reporting { try repository.config("migrate.worktreeRoot") }
    let main = try homeOfAllWorktrees()
    guard let configured, !configured.isEmpty else { return main + ".migrate" }
    let root = configured.hasPrefix("/") ? configured : main + "/" + configured
    // Set for all repositories of a user, one folder must not serve two of them.
    let name = main.split(separator: "/").last.map(String.init) ?? "repository"
    return root + "/" + name + "-" + SHA256.hexDigest(of: Array(main.utf8)).prefix(8)
  }

  /// A folder that is the same from every worktree: the main one, or of a bare repository with worktrees its
  /// own.
  private func homeOfAllWorktrees() throws(CommandError) -> String {
    _ = try mainDirectory()
    let common = repository.commonDirectory
    if common.hasSuffix("/.git") { return String(common.dropLast("/.git".count)) }
    return try reporting { try repository.mainWorkingDirectory() } ?? common
  }

  /// The main worktree's folder; where there is none, but worktrees beside a bare repository, the one that
  /// the command was started in. Throws when it was started in no worktree at all.
  public func mainDirectory() throws(CommandError) -> String {
    let common = repository.commonDirectory
    let main: String?
    if let knownMain {
      main = knownMain
    } else {
      main = try reporting { try repository.mainWorkingDirectory() }
      knownMain = .some(main)
    }
    guard let main else {
      if let directory = repository.workingDirectory { return directory }
      throw CommandError(
        "'\(common)' is a bare repository, and a migration needs a worktree",
        hint: "run it in a worktree or a clone of it")
    }
    if common.hasSuffix("/.git") { return String(common.dropLast("/.git".count)) }
    // Only the main worktree knows where it is, unless the configuration says so.
    let told = try reporting { try repository.config("core.worktree") }
    guard !repository.isLinkedWorktree || told != nil else {
      throw CommandError(
        "where the main worktree of '\(common)' lies cannot be told from here",
        hint: "run it there, or say it with 'git config core.worktree'")
    }
    return main
  }

  /// Who acts: `MIGRATE_WORKER`, `migrate.worker`, `user.name`, or the login and machine. Stays the same for
  /// this process, so that a run knows what it holds.
  public var actor: String {
    if let knownActor { return knownActor }
    let actor = configuredActor
    knownActor = actor
    return actor
  }

  private var configuredActor: String {
    let configured = (try? repository.config("migrate.worker")) ?? (try? repository.config("user.name"))
    let login = environment["USER"] ?? environment["LOGNAME"] ?? "someone"
    let name = environment["MIGRATE_WORKER"] ?? configured ?? "\(login)@\(Machine.hostName)"
    let clean = TerminalText.sanitizedLine(TerminalText.foreign(name))
    return clean.isEmpty ? "someone" : String(clean.prefix(100))
  }

  /// This process as the owner of a claim.
  public static func owner() -> Owner {
    let process = ProcessIdentity.current
    return Owner(
      machine: Machine.identity, boot: process.bootID, pid: Int(process.pid),
      startTicks: Int64(clamping: process.startTicks))
  }

  /// An owner on this machine that is bound to no process: it is never proven dead, only timed out.
  public static func unboundOwner() -> Owner {
    Owner(machine: Machine.identity, boot: Machine.bootID, pid: 0, startTicks: 0)
  }

  /// Whether an owner is provably dead: a process of this machine that is gone, or of an earlier boot of it.
  public static func isProvablyDead(_ owner: Owner) -> Bool {
    guard owner.pid > 0, owner.machine == Machine.identity else { return false }
    let process = ProcessIdentity(
      bootID: owner.boot, pid: Int32(clamping: owner.pid), startTicks: UInt64(clamping: owner.startTicks))
    return process.liveness() == .dead
  }

  /// The migration a command is about: the one named, or the only one that has not ended.
  public func migration(_ name: String?, in state: State) throws(CommandError) -> MigrationState {
    if let name {
      if let found = state.migration(named: name) { return found }
      throw CommandError(state.noMigration(name))
    }
    let open = state.migrations.filter { !$0.phase.isTerminal }
    if let only = open.first, open.count == 1 { return only }
    if open.isEmpty {
      if let last = state.migrations.last { return last }
      throw CommandError("there is no migration here", hint: "begin one with 'git migrate start PLAN'")
    }
    if let fleet = open.first?.plan.fleet?.fleet, open.allSatisfy({ $0.plan.fleet?.fleet == fleet }) {
      throw CommandError(
        "'\(fleet)' is a fleet with \(open.count) open migrations",
        hint: "see 'git migrate fleet status'; say which one with '--migration \(fleet).TARGET'",
        exitCode: .usage)
    }
    let more = open.count > 10 ? " and \(open.count - 10) more" : ""
    let names = open.prefix(10).map(\.name).joined(separator: ", ") + more
    throw CommandError(
      "more than one migration is open: \(names)", hint: "say which with '--migration NAME'",
      exitCode: .usage)
  }
}
