import Git
import Glibc
import Ledger
import Migration
import Site
import System

/// The doctor's checks that need an open repository.
struct DoctorRepository {
  let site: Site

  func checks() -> [DoctorCheck] {
    var list = [identity()]
    list += hooks()
    list.append(patience())
    list += ledger()
    list += sharing()
    list.append(lock())
    list += variables()
    list += places()
    list += slots()
    list += kind()
    list += DoctorSubmodules(site: site).checks()
    list += outsideCode()
    list += DoctorCommands(site: site).checks()
    return list
  }

  /// What leads the verifiers of the open migrations to other code than the candidate's.
  private func outsideCode() -> [DoctorCheck] {
    let open = ((try? site.ledger.read())?.state.migrations ?? []).filter { !$0.phase.isTerminal }
    guard let search = try? OutsideCodeSearch(site: site, plans: open.map(\.plan)) else { return [] }
    let found = search.find()
    if found.isEmpty {
      return [DoctorCheck("environment", .ok, "verifiers find no code of this repository elsewhere")]
    }
    return found.map { DoctorCheck("environment", .warning, $0.message, hint: $0.hint) }
  }

  private func identity() -> DoctorCheck {
    do throws(CommandError) {
      let committer = try site.identity().committer
      let signing = try site.signsCommits() ? ", and signed" : ""
      return DoctorCheck(
        "identity", .ok,
        "commits are by \(TerminalText.sanitizedLine("\(committer.name) <\(committer.email)>"))\(signing)")
    } catch {
      return DoctorCheck("identity", .error, error.message, hint: error.hint)
    }
  }

  private func variables() -> [DoctorCheck] {
    let names = site.droppedVariables
    if names.isEmpty { return [] }
    return [
      DoctorCheck(
        "variables", .warning, "workers and verifiers do not get \(names.joined(separator: ", "))",
        hint: "if they need it: git config --add migrate.passEnvironment NAME, then git migrate trust")
    ]
  }

  // MARK: Hooks

  private func hooks() -> [DoctorCheck] {
    let installer = HookInstaller(site: site)
    let install = "git migrate init"
    var list: [DoctorCheck] = []
    do throws(CommandError) {
      for status in try installer.status() {
        let name = "hook \(status.name)"
        switch status.state {
        case .installed: list.append(DoctorCheck(name, .ok, "installed as '\(status.path)'"))
        case .missing: list.append(DoctorCheck(name, .error, "not installed", hint: install))
        case .outdated: list.append(DoctorCheck(name, .warning, "from another release", hint: install))
        case .bypassed(let reason):
          list.append(DoctorCheck(name, .error, "git does not run it: \(reason)", hint: install))
        case .foreign:
          list.append(DoctorCheck(name, .error, "'\(status.path)' is another program's hook", hint: install))
        }
      }
      let directory = try installer.effectiveDirectory()
      list += try installer.warnings(about: directory).map { DoctorCheck("hooks", .warning, $0) }
    } catch {
      list.append(DoctorCheck("hooks", .error, error.message, hint: error.hint))
    }
    return list
  }

  /// Whether git waits for the branch while a merge is judged.
  private func patience() -> DoctorCheck {
    do throws(CommandError) {
      let missing = try HookSetup(site: site).missingPatience()
      if missing.isEmpty {
        return DoctorCheck("locks", .ok, "how long git waits for a locked ref is set")
      }
      return DoctorCheck(
        "locks", .warning,
        "\(missing.joined(separator: " and ")) not set: 'git gc' may be refused while a merge is judged",
        hint: "git migrate init")
    } catch {
      return DoctorCheck("locks", .error, error.message, hint: error.hint)
    }
  }

  // MARK: The ledger

  private func ledger() -> [DoctorCheck] {
    do throws(LedgerError) {
      let snapshot = try site.ledger.read()
      guard snapshot.tip != nil else {
        return [DoctorCheck("ledger", .ok, "empty: no migration was started here")]
      }
      return [DoctorCheck("ledger", .ok, Count.of(snapshot.sequence, "entry", plural: "entries"))]
        + ledger(snapshot.state)
    } catch {
      return [DoctorCheck("ledger", .error, error.description, hint: error.hint)]
    }
  }

  private func ledger(_ state: State) -> [DoctorCheck] {
    var list: [DoctorCheck] = []
    if isSymbolic {
      list.append(
        DoctorCheck(
          "ledger", .error, "'\(Ledger.ref)' is a symbolic ref",
          hint: "git symbolic-ref --delete '\(Ledger.ref)'"))
    }
    let now = site.clock.now()
    let ahead = (state.at.milliseconds - now.milliseconds) / 1000
    if ahead > 5 {
      list.append(
        DoctorCheck(
          "clock", .warning, "the ledger's last entry is \(ahead) s in the future",
          hint:
            "set this machine's clock, or that of the machine that wrote it; leases expire late until then"))
    } else {
      list.append(DoctorCheck("clock", .ok, "not behind the ledger"))
    }
    let watched = HookBranches(commonDirectory: site.repository.commonDirectory).list()
    for migration in state.migrations where !migration.phase.isTerminal {
      list += leases(migration, now)
      list += Preflight(site: site).checks(migration)
      let ref = migration.intoRef
      if ref.hasPrefix("refs/heads/migrate/") || watched.contains(ref) { continue }
      list.append(
        DoctorCheck(
          "hooks", .error, "the hooks were not told to watch '\(migration.into)'", hint: "git migrate init"))
    }
    return list
  }

  /// Whether the repository that the ledger is shared through takes our refs: some are made and deleted
  /// there.
  private func sharing() -> [DoctorCheck] {
    guard let remote = site.ledger.remote, let check = SharedServer(site: site).check() else { return [] }
    let waiting = (try? site.ledger.waitingCount()) ?? 0
    guard check.level == .ok, waiting > 0 else { return [check] }
    return [
      DoctorCheck(
        "sharing", .warning,
        "\(waiting == 1 ? "1 entry waits" : "\(waiting) entries wait") to go to '\(remote.name)'",
        hint: "git migrate sync"
      )
    ]
  }

  private var isSymbolic: Bool {
    let file = try? Files.readFile(site.repository.commonDirectory + "/" + Ledger.ref, limit: 4096)
    return file?.starts(with: Array("ref:".utf8)) == true
  }

  private func leases(_ migration: MigrationState, _ now: Timestamp) -> [DoctorCheck] {
    migration.steps.compactMap { step in
      guard case .leased(let lease) = step.phase, lease.expiresAt.isOverdue(at: now)
      else {
        return nil
      }
      let late = now.seconds - lease.expiresAt.seconds
      return DoctorCheck(
        "lease", .warning,
        "'\(step.id)' of '\(migration.name)' is held by "
          + "'\(TerminalText.sanitizedLine(lease.holder))', \(late) s too long",
        hint: "'git migrate run' or the next claim takes it back")
    }
  }

  private func lock() -> DoctorCheck {
    let path = site.repository.commonDirectory + "/" + Ledger.ref + ".lock"
    var status = stat()
    guard stat(path, &status) == 0 else { return DoctorCheck("lock", .ok, "the ledger's ref is free") }
    let age = site.clock.now().seconds - Int64(status.st_mtim.tv_sec)
    if age <= 60 { return DoctorCheck("lock", .ok, "the ledger's ref is being written") }
    return DoctorCheck(
      "lock", .warning, "'\(path)' is \(age) s old",
      hint: "the next append removes it when no process has it open")
  }

  // MARK: Places

  private func places() -> [DoctorCheck] {
    var list = [network(site.repository.commonDirectory)]
    guard let root = try? site.worktreeRoot() else {
      return list + [DoctorCheck("worktrees", .ok, "a bare repository: work is done in clones")]
    }
    let place = nearest(root)
    guard access(place, W_OK) == 0 else {
      return list + [
        DoctorCheck(
          "worktrees", .error, "'\(place)' cannot be written, so no slot can be made in '\(root)'",
          hint: "set migrate.worktreeRoot to a folder of yours")
      ]
    }
    var (here, there) = (stat(), stat())
    if stat(site.repository.commonDirectory, &here) == 0, stat(place, &there) == 0,
      here.st_dev != there.st_dev
    {
      list.append(
        DoctorCheck(
          "worktrees", .warning, "'\(root)' is on another file system than the repository",
          hint: "copies of ignored files cost more there; set migrate.worktreeRoot"))
    } else {
      list.append(DoctorCheck("worktrees", .ok, "slots are made in '\(root)'"))
    }
    if HookFile.isInside(place, (try? site.mainDirectory()) ?? "/nowhere") {
      list.append(
        DoctorCheck(
          "worktrees", .warning, "'\(root)' is inside the work tree: every tool that walks it sees all slots",
          hint: "set migrate.worktreeRoot to a folder outside"))
    }
    return list + [space(place)]
  }

  private func nearest(_ path: String) -> String {
    var place = path
    while !Files.exists(place) && place != "/" && place != "." { place = Files.parent(of: place) }
    return place
  }

  private func space(_ place: String) -> DoctorCheck {
    var status = statvfs()
    guard statvfs(place, &status) == 0 else {
      return DoctorCheck("disk", .warning, "unable to ask '\(place)'")
    }
    let free = (UInt64(status.f_bavail) * UInt64(status.f_frsize)) >> 20
    if free < 100 {
      return DoctorCheck("disk", .error, "\(free) MiB are left in '\(place)'", hint: "make room")
    }
    let level: DoctorCheck.Level = free < 1024 ? .warning : .ok
    return DoctorCheck(
      "disk", level, "\(free) MiB are left in '\(place)'", hint: level == .ok ? nil : "make room")
  }

  private func network(_ place: String) -> DoctorCheck {
    switch DoctorRepository.fileSystem(of: place) {
    case "nfs", "nfs4": remote("NFS", place)
    case "cifs", "smb3", "smbfs": remote("SMB", place)
    case let kind: DoctorCheck("file system", .ok, "'\(place)' is on \(kind)")
    }
  }

  /// The type of the mount that a path is on, as the kernel spells it.
  private static func fileSystem(of path: String) -> String {
    let real = Files.realPath(path) ?? path
    let text = String(decoding: (try? Files.readFile("/proc/self/mounts")) ?? [], as: UTF8.self)
    var best = (length: -1, kind: "an unknown file system")
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 2 else { continue }
      let isAbove = real == fields[1] || fields[1] == "/" || real.hasPrefix(fields[1] + "/")
      // A later mount at the same place covers the earlier one.
      if isAbove && fields[1].utf8.count >= best.length { best = (fields[1].utf8.count, fields[2]) }
    }
    return best.kind
  }

  private func remote(_ name: String, _ place: String) -> DoctorCheck {
    DoctorCheck(
      "file system", .warning,
      "'\(place)' is on \(name), where locks of refs are known to fail (libgit2 issue 6858)",
      hint: "keep the repository on a local disk, and share the ledger by a remote")
  }

  // MARK: Slots

  private func slots() -> [DoctorCheck] {
    guard let root = try? site.worktreeRoot(), let worktrees = try? site.repository.worktrees() else {
      return []
    }
    let asides = Slots(site: site).setAsideFolders().map { folder in
      DoctorCheck(
        "slot", .warning, "'\(folder)' was moved aside, because no commit can have what is in it",
        hint: "take out what you need; 'git migrate clean -f' removes it")
    }
    let givenUp = Slots(site: site).givenUpFolders().map { folder in
      DoctorCheck(
        "slot", .warning, "'\(folder)' can neither be cleaned nor moved, and is not used any more",
        hint: "look whether something is mounted there; 'git migrate clean -f' removes it")
    }
    return asides + givenUp
      + worktrees.filter { $0.path.hasPrefix(root + "/") }.compactMap { worktree in
        if !worktree.isValid {
          return DoctorCheck(
            "slot", .warning,
            "'\(worktree.name)' is registered, and '\(worktree.path)' is gone or not its worktree",
            hint: "git worktree unlock '\(worktree.path)'; git worktree remove --force '\(worktree.path)'")
        }
        if worktree.isLocked { return nil }
        return DoctorCheck(
          "slot", .warning, "'\(worktree.path)' is not locked, so 'git worktree prune' may take it",
          hint: "git worktree lock '\(worktree.path)'")
      }
  }

  // MARK: The kind of repository

  private func kind() -> [DoctorCheck] {
    var list: [DoctorCheck] = []
    func note(_ message: String, _ hint: String? = nil) {
      list.append(DoctorCheck("clone", .ok, message, hint: hint))
    }
    if site.repository.isShallow {
      note("shallow: taking in a base that has moved far may need more history", "git fetch --unshallow")
    }
    let promisors = (try? site.repository.configEntries(prefix: "remote."))?.filter {
      $0.key.hasSuffix(".promisor")
    }
    if promisors?.isEmpty == false {
      note("partial: missing objects are fetched when needed, never by libgit2")
    }
    if let commit = (try? site.repository.head())?.oid,
      let reason = (try? site.repository.needsGitProgram(forCommit: commit)) ?? nil
    {
      note("\(reason): slots are checked out by the git program, which is slower")
    }
    if site.repository.isLinkedWorktree {
      note("this is a linked worktree of '\(site.repository.commonDirectory)'")
    }
    return list
  }
}
