import Migration
import Supervision

/// Reads a verifier's output as it comes: in constant memory, in time that is linear in its length.
public struct VerifierReading {
  private var scanner = LineScanner()
  private var prefix = LinePrefix()
  private var interpreter: LineInterpreter
  private var isFinished = false

  /// A reading for a verifier of that kind: only tests are counted, and a linter's findings need no word that
  /// says error.
  public init(kind: Plan.Verifier.Kind) { interpreter = LineInterpreter(kind: kind) }

  /// Takes the next bytes of the output; they need not end with a line.
  public mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    scanner.feed(bytes) { line in prefix.read(line) { interpreter.read($0) } }
  }

  /// The same for an array.
  public mutating func read(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { read($0) } }

  /// Says that nothing more comes.
  public mutating func finish() {
    if isFinished { return }
    isFinished = true
    scanner.finish { line in prefix.read(line) { interpreter.read($0) } }
    prefix.finish { interpreter.read($0) }
    interpreter.finish(lastLines: scanner.lastLines(LineInterpreter.keptLines))
  }

  /// What the recognised runners told, after `finish()`; `nil` when none was there.
  public var report: TestReport? {
    guard let document else { return interpreter.report }
    return interpreter.report?.joined(with: document) ?? document
  }

  /// What a runner left in a file beside what it printed.
  public var document: TestReport?

  /// Every failing test and diagnostic, in the order of the output, after `finish()`.
  public var failures: [GateFailure] { interpreter.failures }

  /// What is to be made of the output when it ends here.
  func outcome() -> OutputReading {
    var copy = self
    copy.finish()
    return copy.result
  }

  private var result: OutputReading {
    OutputReading(
      report: report, failures: failures, lastLines: interpreter.lastLines, loose: interpreter.loose)
  }
}

/// Gives the lines to the readers, and puts together what they made of them.
private struct LineInterpreter {
  static let keptLines = 30
  private var readers: [any OutputReader]
  private var diagnostics: DiagnosticReader
  private var isOpen = false
  private(set) var report: TestReport?
  private(set) var failures: [GateFailure] = []
  private(set) var lastLines: [String] = []
  /// What a linter's lines would be, when no runner spoke.
  private(set) var loose: [GateFailure] = []

  init(kind: Plan.Verifier.Kind) {
    readers = [
      PytestReader(), UnittestReader(), DoctestReader(), SwiftTestReader(), CargoReader(), NextestReader(),
      GoReader(), NodeReader(), JestReader(), VitestReader(), MochaReader(), SurefireReader(),
      JUnitTextReader(),
      GradleReader(), CTestReader(), GTestReader(), CatchReader(), DoctestCppReader(), DotnetReader(),
      RSpecReader(), MinitestReader(), PHPUnitReader(), ProveReader(), MesonReader(), BoostReader(),
      JUnitConsoleReader(), TestNGReader(), ScalaReader(), CucumberReader(),
      JasmineReader(), PlaywrightReader(), JUnitReader(), DocumentReader(),
      BunReader(), DenoReader(), CatchXMLReader(),
    ]
    diagnostics = DiagnosticReader(isStrict: kind == .test)
  }

  /// The path that stood alone in the line before.
  private var head: [UInt8] = []

  /// Whether lines equal to this one may be left out.
  mutating func read(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    let matters = LineFilter.matters(line)
    if !matters && !isOpen {
      if LineFilter.isPath(line) {
        head.removeAll(keepingCapacity: true)
        head.append(contentsOf: line)
      } else if !head.isEmpty {
        head.removeAll(keepingCapacity: true)
      }
      return true
    }
    if !head.isEmpty {
      if line.first == 0x20 { diagnostics.read(Substring(String(decoding: head, as: UTF8.self))) }
      head.removeAll(keepingCapacity: true)
    }
    let text = Substring(String(decoding: line, as: UTF8.self))
    var open = false
    for index in readers.indices {
      if matters || readers[index].isOpen { readers[index].read(text) }
      if readers[index].isOpen { open = true }
    }
    if matters || diagnostics.isOpen { diagnostics.read(text) }
    isOpen = open || diagnostics.isOpen
    return false
  }

  mutating func finish(lastLines: [String]) {
    self.lastLines = lastLines
    var found = TestReport(runner: "", executed: 0)
    var names: [String] = []
    for index in readers.indices {
      readers[index].finish()
      let reader = readers[index]
      failures += reader.failures
      guard let count = reader.executed else { continue }
      found.executed += count
      if let skipped = reader.skipped { found.skipped = (found.skipped ?? 0) + skipped }
      if let failed = reader.failed { found.failed = (found.failed ?? 0) + failed }
      found.passed += reader.passed
      names.append(type(of: reader).runner)
    }
    if !names.isEmpty {
      found.runner = names.joined(separator: ", ")
      report = found
    }
    diagnostics.finish()
    failures += diagnostics.diagnostics(besides: failures, ranNothing: report?.executed == 0)
    var seen: Set<GateFailure> = []
    failures = failures.filter { seen.insert($0).inserted }
    if failures.isEmpty, report == nil {
      loose = diagnostics.looseDiagnostics.filter { seen.insert($0).inserted }
    }
  }
}

/// What all readers together make of an output.
struct OutputReading {
  let report: TestReport?
  /// Every failing test and diagnostic, each once.
  let failures: [GateFailure]
  let lastLines: [String]
  /// What a linter's lines would be, when nothing else was recognised: a plan need not say that it lints.
  let loose: [GateFailure]

  init(report: TestReport?, failures: [GateFailure], lastLines: [String], loose: [GateFailure] = []) {
    self.loose = loose
    self.report = report
    self.failures = failures
    self.lastLines = lastLines
  }

  init(_ output: some Sequence<UInt8>, kind: Plan.Verifier.Kind) {
    var reading = VerifierReading(kind: kind)
    reading.read(Array(output))
    self = reading.outcome()
  }

  /// The executed tests over all recognised runners.
  var executed: Int? { report?.executed }
  var runner: String? { report?.runner }

  /// The failures, or the output's last lines when nothing in it could be recognised.
  var failuresOrTail: [GateFailure] {
    if !failures.isEmpty || lastLines.isEmpty { return failures }
    if !loose.isEmpty { return loose }
    return [GateFailure(message: lastLines.joined(separator: "\n"))]
  }

  /// What a person is told of a run in one line. A test or diagnostic says more than an exit code does, and
  /// where none is recognised the last line that was printed; a run that was cut off says how it ended.
  func headline(_ verdict: Verdict, _ status: ExitStatus, _ reason: String) -> String {
    switch (verdict, status) {
    case (.failed, .exited):
      let all = failures.isEmpty ? loose : failures
      if let first = all.first {
        return first.headline + (all.count > 1 ? " (and \(all.count - 1) more)" : "")
      }
    case (.couldNotRun, .exited(126)), (.couldNotRun, .exited(127)): break
    case (_, _): return reason
    }
    return lastLines.last.map { "\(reason): \($0[...].trimmed)" } ?? reason
  }
}
