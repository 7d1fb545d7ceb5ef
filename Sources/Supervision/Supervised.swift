/// How the output of a supervised command is taken.
public enum OutputForm: String, Sendable {
  /// Both streams through one pipe, so that the log shows them in the order in which they were printed, as a
  /// terminal does.
  case together
  /// Each stream through a pipe of its own. Both go to the log as they come, and `LogMarks` tells them apart;
  /// the order between them is only nearly that in which they were printed.
  case apart
  /// As `apart`, and standard output goes to the parent as well while the command runs:
  /// `SupervisedChild.takeLines`. Without an input file standard input comes from there, too: `send`. A
  /// parent that does not read makes the command wait, as any pipe does.
  case live
}

/// A program that may run for long, fork, detach and hang, and that is to leave nothing behind.
public struct Supervised: Sendable {
  /// What runs: the program and its arguments.
  public var arguments: [String]
  /// The whole environment; nothing is inherited.
  public var environment: [String: String]
  /// The working directory, or `nil` for the caller's.
  public var directory: String?
  /// The file that it reads on standard input, or `nil` for `/dev/null`; but see `OutputForm.live`.
  public var inputFile: String?
  /// The file to which standard output and standard error are appended; made with mode 0600.
  public var logFile: String
  /// How many bytes of output the log gets from this run at most. Of a longer output the beginning and the
  /// last part are kept with a notice between them, because that is where test runners put their summary.
  public var logLimit = 64 << 20
  /// How the output is taken.
  public var output = OutputForm.together
  /// The longest run in seconds, or `nil` for no limit.
  public var timeoutSeconds: Int?
  /// How long it may print nothing and take no input that is sent, in seconds, or `nil` for no limit. While a
  /// parent does not read a live command's output, the time does not count.
  public var silenceSeconds: Int?
  /// How long it may take to obey TERM before it is killed, in seconds.
  public var graceSeconds = 10

  /// Describes a run of a program with arguments; names are looked up in the `PATH` of `environment`.
  public init(
    arguments: [String], environment: [String: String], directory: String? = nil, logFile: String
  ) {
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.logFile = logFile
  }

  /// Describes a run of a shell command with `/bin/sh -c`.
  public init(
    shellCommand: String, environment: [String: String], directory: String? = nil, logFile: String
  ) {
    self.init(
      arguments: ["/bin/sh", "-c", shellCommand], environment: environment, directory: directory,
      logFile: logFile)
  }

  /// What a supervisor is asked to do: options in pairs, each variable of the environment after an `--env`,
  /// then `--` and the command.
  var request: [String] {
    var list = ["--log", logFile, "--limit", String(logLimit), "--grace", String(graceSeconds)]
    if let timeoutSeconds { list += ["--timeout", String(timeoutSeconds)] }
    if let silenceSeconds { list += ["--silence", String(silenceSeconds)] }
    if output != .together { list += ["--output", output.rawValue] }
    if let inputFile { list += ["--input", inputFile] }
    if let directory { list += ["--directory", directory] }
    for (name, value) in environment { list += ["--env", "\(name)=\(value)"] }
    return list + ["--"] + arguments
  }

  /// Reads a request back.
  init?(request list: [String]) {
    guard let end = list.firstIndex(of: "--"), end + 1 < list.count, end % 2 == 0 else { return nil }
    self.init(arguments: Array(list[(end + 1)...]), environment: [:], logFile: "/dev/null")
    for index in stride(from: 0, to: end, by: 2) {
      let value = list[index + 1]
      switch list[index] {
      case "--log": logFile = value
      case "--input": inputFile = value
      case "--directory": directory = value
      case "--limit": logLimit = Int(value) ?? logLimit
      case "--grace": graceSeconds = Int(value) ?? graceSeconds
      case "--timeout": timeoutSeconds = Int(value)
      case "--silence": silenceSeconds = Int(value)
      case "--output":
        guard let form = OutputForm(rawValue: value) else { return nil }
        output = form
      case "--env":
        guard let sign = value.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        environment[String(value[..<sign])] = String(value[value.utf8.index(after: sign)...])
      default: return nil
      }
    }
  }
}
