extension TestReport {
  /// What a test runner left in files of JUnit's XML beside what it printed, or `nil` when nothing in them
  /// speaks of a test. `runner` is who left them.
  public init?(junit documents: [[UInt8]], runner: String) {
    var total = TestReport(runner: runner, executed: 0)
    var isThere = false
    for document in documents {
      var reader = JUnitReader()
      for line in lines(of: String(decoding: document, as: UTF8.self)) { reader.read(line) }
      reader.finish()
      guard let executed = reader.executed else { continue }
      isThere = true
      total.executed += executed
      total.skipped = (total.skipped ?? 0) + (reader.skipped ?? 0)
      total.failed = (total.failed ?? 0) + (reader.failed ?? 0)
      total.passed += reader.passed
    }
    guard isThere else { return nil }
    self = total
  }

  /// This report with what a file tells beside it: the names are the file's, the numbers those of whoever
  /// counted more.
  func joined(with document: TestReport) -> TestReport {
    var joined = self
    // A run that was over before anybody looked wrote over the file of the one before.
    let isPart = runner == "pytest" && document.runner == "pytest" && document.executed < executed
    if isPart {
      joined.passed = passed
    } else if !document.passed.isEmpty {
      // Another runner may have run beside pytest, and its names are in no file.
      let others = runner == document.runner ? [] : passed.filter { !$0[...].has(".py::") }
      joined.passed = document.passed + (document.runner == "pytest" ? others : [])
    }
    joined.executed = max(executed, document.executed)
    if let more = document.failed { joined.failed = max(failed ?? 0, more) }
    if skipped == nil { joined.skipped = document.skipped }
    let names = Set(runner.split(separator: ",").map { $0.trimmed })
    if !names.contains(document.runner[...]), runner == "junit" || runner.isEmpty {
      joined.runner = document.runner
    }
    return joined
  }
}
