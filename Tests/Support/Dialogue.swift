import CanonicalJSON
import Supervision
import System

/// A program that a test talks with, a line of JSON at a time. Its end is the end of this object.
public final class Dialogue {
  private let child: SupervisedChild
  private let log: String
  private var lines: [JSON] = []
  private let pool: Supervisors
  /// How long an answer may take, in milliseconds.
  private static let patience: Int64 = 120_000

  /// Starts a program in a world.
  public init(
    _ world: TestRepository, _ program: String, _ arguments: [String], in directory: String? = nil,
    adding: [String: String] = [:]
  ) throws {
    pool = Supervisors(executable: TestBinary.path)
    log = try Files.makeTemporaryDirectory(prefix: "talk-", in: world.root) + "/log"
    var run = Supervised(
      arguments: [program] + arguments, environment: world.environment.merging(adding) { $1 },
      directory: directory ?? world.path, logFile: log)
    run.output = .live
    child = try pool.start(run)
  }

  /// Sends a line.
  public func send(_ line: String) throws {
    guard child.send(Array((line + "\n").utf8)) else { throw TestFailure("it takes no more: \(output)") }
  }

  /// The next line that it says for which `isWanted` is true; those before it are dropped.
  public func next(_ isWanted: (JSON) -> Bool = { _ in true }) throws -> JSON {
    let end = MonotonicTime.milliseconds + Self.patience
    while MonotonicTime.milliseconds < end {
      let status = child.poll()
      lines += try child.takeLines().map { try JSON.parse(String(decoding: $0, as: UTF8.self)) }
      while !lines.isEmpty {
        let line = lines.removeFirst()
        if isWanted(line) { return line }
      }
      if let status { throw TestFailure("it ended (\(status)) without an answer: \(output)") }
      _ = Poller(reading: [child.pollDescriptor]).wait(milliseconds: 200)
    }
    throw TestFailure("no answer in time: \(output)")
  }

  /// Sends a request and gives its answer.
  public func ask(_ id: Int, _ method: String, _ params: String = "{}") throws -> JSON {
    try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    return try next { $0["id"] == .integer(Int64(id)) }
  }

  /// Ends its input and waits; gives how it ended.
  public func end() -> ExitStatus {
    child.endInput()
    return child.wait().status
  }

  /// What it has printed so far.
  public var output: String {
    String(decoding: (try? Files.readFile(log)).flatMap(\.self) ?? [], as: UTF8.self)
  }
}
