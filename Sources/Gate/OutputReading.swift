import Migration
import Processes

/// Something that understands one runner's output, line by line.
protocol OutputReader {
  /// The runner's name.
  static var runner: String { get }
  /// Takes the next line.
  mutating func read(_ line: Substring)
  /// Called once after the last line.
  mutating func finish()
  /// How many tests were executed, or `nil` when this runner was not there.
  var executed: Int? { get }
  /// The failing tests, in the order of the output.
  var failures: [GateFailure] { get }
}

extension OutputReader {
  mutating func finish() {}
}

/// What all readers together make of an output.
struct OutputReading {
  /// The executed tests over all recognised runners.
  private(set) var executed: Int?
  private(set) var runner: String?
  /// Every failing test and diagnostic, each once.
  private(set) var failures: [GateFailure] = []
  private var lastLines: [String] = []
  private static let keptLines = 30

  init(_ output: some Sequence<UInt8>, kind: Plan.Verifier.Kind) {
    var readers: [any OutputReader] = [
      PytestReader(), UnittestReader(), SwiftTestReader(), CargoReader(), NextestReader(), GoReader(),
      NodeReader(), SurefireReader(), CTestReader(),
    ]
    var diagnostics = DiagnosticReader(isStrict: kind == .test)
    var (ring, position) = ([String](), 0)
    // An array is read much faster than whatever sequence the caller has.
    OutputLines.forEach(in: Array(output)) { line in
      for index in readers.indices { readers[index].read(line) }
      diagnostics.read(line)
      guard !line.trimmed.isEmpty else { return }
      if ring.count < Self.keptLines {
        ring.append(String(line))
      } else {
        ring[position] = String(line)
        position = (position + 1) % Self.keptLines
      }
    }
    lastLines = Array(ring[position...] + ring[..<position])
    var names: [String] = []
    for index in readers.indices {
      readers[index].finish()
      failures += readers[index].failures
      guard let count = readers[index].executed else { continue }
      executed = (executed ?? 0) + count
      names.append(type(of: readers[index]).runner)
    }
    if !names.isEmpty { runner = names.joined(separator: ", ") }
    failures += diagnostics.diagnostics(besides: failures)
    var seen: Set<GateFailure> = []
    failures = failures.filter { seen.insert($0).inserted }
  }

  /// The failures, or the output's last lines when nothing in it could be recognised.
  var failuresOrTail: [GateFailure] {
    if !failures.isEmpty || lastLines.isEmpty { return failures }
    return [GateFailure(message: lastLines.joined(separator: "\n"))]
  }

  /// What a person is told of a run in one line. A test or diagnostic says more than an exit code does, and
  /// where none is recognised the last line that was printed; a run that was cut off says how it ended.
  func headline(_ verdict: Verdict, _ status: ExitStatus, _ reason: String) -> String {
    switch (verdict, status) {
    case (.failed, .exited):
      if let first = failures.first {
        return first.headline + (failures.count > 1 ? " (and \(failures.count - 1) more)" : "")
      }
    case (.couldNotRun, .exited(126)), (.couldNotRun, .exited(127)): break
    case (_, _): return reason
    }
    return lastLines.last.map { "\(reason): \($0[...].trimmed)" } ?? reason
  }
}
