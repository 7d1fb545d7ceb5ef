import Glibc
import System

/// A program that runs while the test goes on: it can be sent signals, and its end can be waited for.
public final class BackgroundRun {
  /// The process id of the program itself.
  public let pid: Int32
  private let files: String

  /// Starts a program in a world. It leads no session of the test's, and its output goes to files.
  public init(
    _ world: TestRepository, _ program: String, _ arguments: [String], in directory: String? = nil
  ) throws {
    let files = try Files.makeTemporaryDirectory(prefix: "run-", in: world.root)
    self.files = files
    // A background job of `sh` has SIGINT ignored; `env` gives it back before the program begins.
    let script = """
      folder=$1; shift
      (
        env --default-signal=INT "$@" > "$folder/out" 2> "$folder/err" < /dev/null &
        echo $! > "$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"
        wait $!
        echo $? > "$folder/code.new" && mv "$folder/code.new" "$folder/code"
      ) > /dev/null 2>&1 &
      """
    let start = try world.run("sh", ["-c", script, "sh", files, program] + arguments, in: directory)
    guard start.code == 0 else { throw TestFailure("\(program) could not be started: \(start)") }
    var number: Int32?
    _ = try eventually {
      number = Int32(try BackgroundRun.text(files + "/pid").prefix { $0.isNumber })
      return number != nil
    }
    guard let number else { throw TestFailure("\(program) did not start") }
    pid = number
  }

  deinit { if isRunning { _ = kill(pid, SIGKILL) } }

  /// Whether it has not ended yet.
  public var isRunning: Bool { !Files.exists(files + "/code") }

  /// What it has written to standard output and standard error so far.
  public var output: String {
    let out = (try? BackgroundRun.text(files + "/out")) ?? ""
    return out + ((try? BackgroundRun.text(files + "/err")) ?? "")
  }

  /// Sends it a signal.
  public func send(_ signal: Int32) { _ = kill(pid, signal) }

  /// Waits for its end and gives what it left; throws when it takes too long.
  public func wait(seconds: Int = 300) throws -> TestRun {
    guard eventually(within: seconds, { !isRunning }) else {
      send(SIGKILL)
      throw TestFailure("it did not end in \(seconds) s; so far it said:\n\(output)")
    }
    let code = Int32(try BackgroundRun.text(files + "/code").prefix { $0.isNumber }) ?? -1
    return TestRun(
      code, out: try BackgroundRun.text(files + "/out"), err: try BackgroundRun.text(files + "/err"))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Files.readFile(path) ?? [], as: UTF8.self)
  }
}

/// Asks until `condition` holds; `false` when it does not within `seconds`.
///
/// By default so long that only what will never hold is given up, however busy the machine is.
public func eventually(within seconds: Int = 300, _ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<(seconds * 50) {
    if try condition() { return true }
    usleep(20_000)
  }
  return try condition()
}
