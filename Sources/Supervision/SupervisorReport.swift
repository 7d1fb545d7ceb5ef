import System

/// The lines that a supervisor writes to its parent: one when the command runs or cannot, one at the end, and
/// between them, of a live command, what it prints and how much it has read.
enum SupervisorReport: Equatable {
  /// The command runs as this process.
  case started(pid: Int32, milliseconds: Int64)
  /// It could not be started.
  case failed(ProcessError)
  /// So many bytes of its standard output follow, as they are.
  case output(count: Int)
  /// It was given so many bytes of its standard input, so that as many more may be sent.
  case taken(count: Int)
  /// It ended, and nothing of it is left.
  case ended(SupervisedChild.Result)

  var line: String {
    switch self {
    case .started(let pid, let milliseconds): return "started \(pid) \(milliseconds)\n"
    case .failed(let error):
      let (name, code, extra) = Self.parts(error.cause)
      let subject = Self.escaped(error.subject)
      return "failed \(name) \(code) \(Self.escaped(extra)) \(subject)\n"
    case .output(let count): return "out \(count)\n"
    case .taken(let count): return "took \(count)\n"
    case .ended(let result):
      let status =
        switch result.status {
        case .exited(let code): "exited \(code)"
        case .signalled(let signal): "signalled \(signal)"
        case .timedOut: "timed-out 0"
        case .fellSilent: "silent 0"
        }
      return "ended \(status) \(result.survivorsKilled) \(result.survivorsLeft)"
        + " \(result.startedMilliseconds) \(result.endedMilliseconds)\n"
    }
  }

  init?(line: String) {
    let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    switch (fields.first, fields.count) {
    case ("started", 3):
      guard let pid = Int32(fields[1]), let start = Int64(fields[2]) else { return nil }
      self = .started(pid: pid, milliseconds: start)
    case ("failed", 5):
      guard let code = Int32(fields[2]) else { return nil }
      let cause = Self.cause(fields[1], code, Self.unescaped(fields[3]))
      self = .failed(ProcessError(subject: Self.unescaped(fields[4]), cause: cause))
    case ("out", 2), ("took", 2):
      guard let count = Int(fields[1]), count >= 0 else { return nil }
      self = fields[0] == "out" ? .output(count: count) : .taken(count: count)
    case ("ended", 7):
      let numbers = fields[2...].compactMap { Int64($0) }
      guard numbers.count == 5 else { return nil }
      let status: ExitStatus
      switch fields[1] {
      case "exited": status = .exited(Int32(clamping: numbers[0]))
      case "signalled": status = .signalled(Int32(clamping: numbers[0]))
      case "timed-out": status = .timedOut
      case "silent": status = .fellSilent
      default: return nil
      }
      self = .ended(
        SupervisedChild.Result(
          status: status, survivorsKilled: Int(numbers[1]), survivorsLeft: Int(numbers[2]),
          startedMilliseconds: numbers[3], endedMilliseconds: numbers[4]))
    default: return nil
    }
  }

  private static func parts(_ cause: ProcessError.Cause) -> (String, Int32, String) {
    switch cause {
    case .notFound: ("not-found", 0, "")
    case .notExecutable: ("not-executable", 0, "")
    case .noSuchDirectory(let path): ("no-directory", 0, path)
    case .embeddedNUL: ("nul", 0, "")
    case .noReport: ("no-report", 0, "")
    case .system(let call, let code): ("system", code, call)
    }
  }

  private static func cause(_ name: String, _ code: Int32, _ extra: String) -> ProcessError.Cause {
    switch name {
    case "not-found": .notFound
    case "not-executable": .notExecutable
    case "no-directory": .noSuchDirectory(extra)
    case "nul": .embeddedNUL
    case "no-report": .noReport
    default: .system(call: extra, errno: code)
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      if byte > 0x20 && byte < 0x7F && byte != 0x25 {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return result
  }

  private static func unescaped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var (result, index) = ([UInt8](), 0)
    while index < bytes.count {
      if bytes[index] == 0x25, index + 2 < bytes.count,
        let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        result.append(byte)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

/// Takes what comes from a supervisor apart: lines, and bytes of a live command's output between them.
struct ReportReader {
  /// What came.
  enum Item: Equatable {
    case report(SupervisorReport)
    /// Some of the bytes that an `output` line announced.
    case bytes([UInt8])
  }

  private var frames = FrameReader(end: 0x0A)

  /// What is complete by now, in its order. Lines that mean nothing are passed over.
  mutating func read(_ bytes: some Collection<UInt8>) -> [Item] {
    func report(_ line: [UInt8]) -> SupervisorReport? {
      SupervisorReport(line: String(decoding: line, as: UTF8.self))
    }
    let items = frames.read(bytes) { if case .output(let count)? = report($0) { count } else { 0 } }
    return items.compactMap { item in
      switch item {
      case .head(let line): report(line).map(Item.report)
      case .bytes(let bytes): .bytes(bytes)
      }
    }
  }
}
