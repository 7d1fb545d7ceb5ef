import CanonicalJSON

/// The result of a claim is judged.
public enum GateChange: Equatable, Sendable {
  /// Somebody judges it on this candidate.
  case started(GateStart)
  /// Whoever judges it is alive and goes on.
  case renewed(gate: Int, expiresAt: Timestamp)
  /// The gate came to a verdict.
  case finished(GateReport)
  /// The gate ended without a verdict.
  case abandoned(gate: Int, evidence: Evidence)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case started = "gate.started"
    case renewed = "gate.renewed"
    case finished = "gate.finished"
    case abandoned = "gate.abandoned"
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .renewed: .renewed
    case .finished: .finished
    case .abandoned: .abandoned
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .started(let start): start.write(to: &object)
    case .renewed(let gate, let expiresAt):
      object.set("gate", gate)
      object.set("expires_at", expiresAt)
    case .finished(let report): report.write(to: &object)
    case .abandoned(let gate, let evidence):
      object.set("gate", gate)
      object.set("evidence", evidence.json)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .started: self = .started(try GateStart(from: &object))
    case .renewed:
      self = .renewed(gate: try object.counter("gate"), expiresAt: try object.timestamp("expires_at"))
    case .finished: self = .finished(try GateReport(from: &object))
    case .abandoned:
      self = .abandoned(
        gate: try object.integer("gate"), evidence: try Evidence(json: try object.required("evidence")))
    }
  }

  /// What is said of it to people, after the step's name.
  func words(by author: String) -> String {
    switch self {
    case .started(let start): return "gate \(start.gate) started on tree \(start.tree.short)"
    case .renewed(let gate, _): return "gate \(gate) renewed by \(author)"
    case .finished(let report):
      let verdict = "gate \(report.gate) \(report.verdict.words)"
      if let failure = report.failure { return "\(verdict): \(failure.reason)" }
      return report.isNoChange
        ? "gate \(report.gate) passed, nothing to merge"
        : verdict + report.evidence.words(kept: report.kept)
    case .abandoned(let gate, _): return "gate \(gate) given up"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> GateChange {
    switch self {
    case .finished(var report):
      report.failure = report.failure?.mappingTexts(redact)
      return .finished(report)
    case .started, .renewed, .abandoned: return self
    }
  }
}

extension Change {
  /// Somebody judges the submitted result on this candidate.
  public static func gateStarted(_ fence: Fence, _ start: GateStart) -> Change {
    .gate(fence, .started(start))
  }

  /// Whoever judges it goes on.
  public static func gateRenewed(_ fence: Fence, gate: Int, expiresAt: Timestamp) -> Change {
    .gate(fence, .renewed(gate: gate, expiresAt: expiresAt))
  }

  /// The gate came to a verdict.
  public static func gateFinished(_ fence: Fence, _ report: GateReport) -> Change {
    .gate(fence, .finished(report))
  }

  /// The gate ended without a verdict.
  public static func gateAbandoned(_ fence: Fence, gate: Int, evidence: Evidence) -> Change {
    .gate(fence, .abandoned(gate: gate, evidence: evidence))
  }
}
