import Supervision
import System

/// The one place that runs the `git` program, for what libgit2 cannot do: hooks, filters, sparse checkouts,
/// the network.
///
/// Whoever can write the repository's configuration can make a plain `git status` run a program (PITFALLS
/// F12). So the environment is a list of what git and its helpers need (`ChildEnvironment.ofGit`), without
/// `GIT_*`, the directories are explicit, and the settings that run programs are overridden (E.4). What the
/// user or the system configured may run where it is needed; of what stands in the repository only what the
/// user has approved (`approved`). The variables and keys are those of git 2.39.
public struct GitProgram: Sendable {
  /// What a run left. A non-zero status is an answer and not an error.
  public struct Output: Equatable, Sendable {
    /// The exit status; 128 plus the signal's number when a signal ended it.
    public let status: Int32
    /// The bytes on standard output.
    public let stdout: [UInt8]
    /// The bytes on standard error.
    public let stderr: [UInt8]

    /// Whether the status is 0.
    public var isSuccess: Bool { status == 0 }
    /// Standard output as text without the line end.
    public var text: String { Output.text(stdout) }
    /// Standard error as text without the line end.
    public var errorText: String { Output.text(stderr) }

    private static func text(_ bytes: [UInt8]) -> String {
      var rest = bytes[...]
      while let last = rest.last, last == 0x0A || last == 0x0D { rest.removeLast() }
      return String(decoding: rest, as: UTF8.self)
    }
  }

  /// Which hooks a run may start.
  public enum Hooks: Equatable, Sendable {
    /// None at all.
    case none
    /// Those of the directory that the repository uses (`core.hooksPath`), so that they decide.
    case effective
  }

  /// Whose filter and merge programs a run may start. Their names are arbitrary, so they are looked up
  /// first and switched off one by one.
  public enum Filters: Equatable, Sendable {
    /// Nobody's.
    case none
    /// Those that the user or the system configured (`git lfs install` does that), and those of the
    /// repository's own (`git-crypt unlock` does that) that the user has approved.
    case user
  }

  /// The repository's own git directory, `.git/worktrees/<name>` for a linked worktree.
  public let gitDirectory: String
  /// The directory that all worktrees share.
  public let commonDirectory: String
  /// The environment that `HOME`, `PATH` and the like are taken from.
  public let environment: [String: String]
  /// Who commits are by; `nil` leaves it to the configuration.
  public let identity: Signature?
  /// The program: a path, or a name that is looked up in `PATH`.
  public let executable: String
  /// The longest run in seconds.
  public var timeoutSeconds: Int?
  /// What the user has approved of the repository's own commands, lowest precedence first.
  public let approved: [CommandSetting]
  /// The names of further variables that git and its hooks get.
  var passed: [String] = []
  /// What the configuration said last.
  let settingsMemory = SettingsMemory()

  /// Describes how to run git on a repository; nothing is started.
  public init(
    gitDirectory: String, commonDirectory: String, environment: [String: String], identity: Signature? = nil,
    executable: String = "git", timeoutSeconds: Int? = 600, approved: [CommandSetting] = []
  ) {
    self.gitDirectory = gitDirectory
    self.commonDirectory = commonDirectory
    self.environment = environment
    self.identity = identity
    self.executable = executable
    self.timeoutSeconds = timeoutSeconds
    self.approved = approved
  }

  /// Describes how to run git on an open repository, with the environment that it was opened with.
  public init(
    _ repository: Repository, identity: Signature? = nil, executable: String = "git",
    approved: [CommandSetting] = []
  ) {
    self.init(
      gitDirectory: repository.gitDirectory, commonDirectory: repository.commonDirectory,
      environment: repository.environment, identity: identity, executable: executable, approved: approved)
    passed = GitProgram.passedVariables(repository.environment)
  }

  /// Runs `git` with these arguments to its end. `workTree` is the top of the work tree for commands that
  /// need one, and the working directory then; otherwise the git directory is. `extra` are further
  /// variables, `answer` the rest of the input for a command that asks back; see `Command.run`.
  ///
  /// Throws when git cannot be started, or its configuration cannot be read.
  public func run(
    _ arguments: [String], input: [UInt8]? = nil, hooks: Hooks = .none, workTree: String? = nil,
    filters: Filters = .none, extra: [String: String] = [:], answer: (([UInt8]) -> [UInt8]?)? = nil
  ) throws(GitError) -> Output {
    var settings = GitProgram.overrides
    // Git finds by itself the hooks that it would run here.
    if hooks == .none { settings.append(ConfigEntry(key: "core.hookspath", value: "/dev/null")) }
    var extra = extra
    // Commands that only handle objects and refs start no filter, and need no look at the configuration.
    if !GitProgram.harmless.contains(arguments.first ?? "") {
      let programs = try programSettings(filters: filters, hooks: hooks)
      settings += programs.entries
      extra.merge(programs.variables) { said, _ in said }
    }
    return try start(
      arguments, input: input, workTree: workTree, settings: settings, extra: extra, answer: answer)
  }

  /// The absolute path of the directory whose hooks git would run in this work tree: `core.hooksPath`,
  /// relative to the top of the work tree as in git, or `hooks` of the common directory.
  public func effectiveHooksDirectory(workTree: String? = nil) throws(GitError) -> String {
    let output = try start(
      ["rev-parse", "--path-format=absolute", "--git-path", "hooks"], input: nil, workTree: workTree,
      settings: GitProgram.overrides, extra: [:])
    guard output.isSuccess, output.text.hasPrefix("/") else {
      throw GitError(message: output.errorText, operation: "find the hooks of", subject: gitDirectory)
    }
    return output.text
  }

  /// The version of the program. Throws when it cannot be run or says something else.
  public func version() throws(GitError) -> (major: Int, minor: Int) {
    let output = try start(["version"], input: nil, workTree: nil, settings: [], extra: [:])
    let numbers =
      output.text.split(separator: " ").dropFirst(2).first?.split(separator: ".").map { Int($0) } ?? []
    guard let major = numbers.first ?? nil, let minor = numbers.dropFirst().first ?? nil else {
      throw GitError(
        message: "'\(output.text)' is no version", operation: "ask the version of", subject: executable)
    }
    return (major, minor)
  }

  func start(
    _ arguments: [String], input: [UInt8]?, workTree: String?, settings: [ConfigEntry],
    extra: [String: String], answer: (([UInt8]) -> [UInt8]?)? = nil
  ) throws(GitError) -> Output {
    try PlaceCheck.require(gitDirectory, common: commonDirectory)
    var variables = baseEnvironment(workTree: workTree)
    // What the user said by `git -c` holds for what is run for it, as far as ours does not come after it.
    let said = try CommandLineConfig.entries(environment: environment).map {
      ConfigEntry(key: $0.key, value: $0.value ?? "true")
    }
    let settings = said + settings
    variables["GIT_CONFIG_COUNT"] = String(settings.count)
    for (index, setting) in settings.enumerated() {
      variables["GIT_CONFIG_KEY_\(index)"] = setting.key
      variables["GIT_CONFIG_VALUE_\(index)"] = setting.value ?? ""
    }
    variables.merge(extra) { $1 }
    var command = Command(
      executable, arguments, environment: variables, directory: workTree ?? gitDirectory)
    var watch = GitWatch(self, arguments)
    command.input = input
    command.timeoutSeconds = watch.limit(timeoutSeconds)
    let operation = "run git \(arguments.first ?? "")"
    let outcome: Outcome
    do throws(ProcessError) {
      outcome = try command.run(answer: answer, mayGoOn: { watch.mayGoOn() })
    } catch {
      throw GitError(message: error.description, operation: operation, subject: gitDirectory)
    }
    // Of what speaks with a server it is not known how far it came, and an error would say that it is.
    if outcome.status == .timedOut, !watch.isOverNetwork, let obstacle = watch.obstacle { throw obstacle }
    guard !outcome.isTruncated else {
      throw GitError(message: "its output is too long", operation: operation, subject: gitDirectory)
    }
    let status: Int32 =
      switch outcome.status {
      case .exited(let code): code
      case .signalled(let signal): 128 + signal
      case .timedOut, .fellSilent: 128 + 9
      }
    let end = outcome.status == .timedOut ? PathText.bytes("\n\(watch.reason(command.timeoutSeconds))\n") : []
    return Output(status: status, stdout: outcome.stdout, stderr: outcome.stderr + end)
  }

  private func baseEnvironment(workTree: String?) -> [String: String] {
    var result = ChildEnvironment.ofGit(
      from: environment, gitDirectory: gitDirectory, commonDirectory: commonDirectory, workTree: workTree,
      extraNames: passed)
    if let identity {
      let date = "@\(identity.seconds) \(GitProgram.zone(identity.offsetMinutes))"
      for role in ["AUTHOR", "COMMITTER"] {
        result["GIT_\(role)_NAME"] = identity.name
        result["GIT_\(role)_EMAIL"] = identity.email
        result["GIT_\(role)_DATE"] = date
      }
    }
    return result
  }

  static func zone(_ minutes: Int) -> String {
    let digits = String(minutes.magnitude / 60 * 100 + minutes.magnitude % 60)
    return (minutes < 0 ? "-" : "+") + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Settings that run programs or start work in the background, put out of action (PITFALLS E.4), and
  /// durable writes (E.2).
  static let overrides: [ConfigEntry] = [
    ("core.fsmonitor", "false"), ("core.fsync", "committed,loose-object"), ("core.pager", "cat"),
    ("core.editor", "true"), ("protocol.git.allow", "never"), ("core.askpass", "true"),
    ("core.alternaterefscommand", "true"), ("protocol.ext.allow", "never"),
    ("protocol.file.allow", "user"), ("commit.gpgsign", "false"), ("tag.gpgsign", "false"),
    ("push.gpgsign", "false"), ("merge.verifysignatures", "false"), ("gc.auto", "0"),
    ("maintenance.auto", "false"), ("submodule.recurse", "false"), ("fetch.recursesubmodules", "false"),
    // The empty option empties the user's list: it is for pushes of theirs, not for each entry of ours.
    ("push.recursesubmodules", "no"), ("push.pushoption", ""),
    ("rerere.enabled", "false"), ("core.splitindex", "false"),
    ("log.showsignature", "false"), ("advice.detachedhead", "false"),
    ("credential.helper", ""), ("core.sshcommand", "ssh"),
  ].map { ConfigEntry(key: $0.0, value: $0.1) }

  /// Everything that can write the index is missing on purpose, `write-tree` too: it compares entries that
  /// are as young as the index with the files, and runs their clean filter for that.
  private static let harmless: Set<String> = [
    "cat-file", "config", "for-each-ref", "ls-tree", "merge-base", "mktree", "pack-refs", "rev-list",
    "rev-parse",
    "symbolic-ref", "update-ref", "version",
  ]
}
