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
  /// A judge has looked at what the verifiers let pass.
  case judged(JudgeAnswer)
  /// The judge is not sure: a person decides.
  case waits(gate: Int, reason: String)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case started = "gate.started"
    case renewed = "gate.renewed"
    case finished = "gate.finished"
    case abandoned = "gate.abandoned"
    case judged = "judge.answered"
    case waits = "step.waits"
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .renewed: .renewed
    case .finished: .finished
    case .abandoned: .abandoned
    case .judged: .judged
    case .waits: .waits
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
    case .judged(let answer): answer.write(to: &object)
    case .waits(let gate, let reason):
      object.set("gate", gate)
      object.set("for", PersonWait.judge)
      object.set("reason", reason)
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
    case .judged: self = .judged(try JudgeAnswer(from: &object))
    case .waits:
      guard try object.string("for") == PersonWait.judge else { throw JSONFault("nobody asks for a person") }
      self = .waits(gate: try object.counter("gate"), reason: try object.string("reason"))
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
    case .judged(let answer):
      return "\(answer.agent) \(answer.answer.past)" + (answer.reasons.first.map { ": \($0)" } ?? "")
    case .waits(_, let reason): return "waits for a person: \(reason)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> GateChange {
    switch self {
    case .finished(var report):
      report.failure = report.failure?.mappingTexts(redact)
      return .finished(report)
    case .judged(var answer):
      answer.reasons = answer.reasons.map(redact)
      return .judged(answer)
    case .waits(let gate, let reason): return .waits(gate: gate, reason: redact(reason))
    case .started, .renewed, .abandoned: return self
    }
  }
}

extension Change {
  /// Whether it is a gate run from its beginning to its end.
  var isWholeGate: Bool {
    if case .gate(_, .finished(let report)) = self { report.start != nil } else { false }
  }

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

  /// A judge has looked at what passed.
  public static func judgeAnswered(_ fence: Fence, _ answer: JudgeAnswer) -> Change {
    .gate(fence, .judged(answer))
  }

  /// The judge is not sure.
  public static func stepWaits(_ fence: Fence, gate: Int, reason: String) -> Change {
    .gate(fence, .waits(gate: gate, reason: reason))
  }

  /// The gate ended without a verdict.
  public static func gateAbandoned(_ fence: Fence, gate: Int, evidence: Evidence) -> Change {
    .gate(fence, .abandoned(gate: gate, evidence: evidence))
  }
}
