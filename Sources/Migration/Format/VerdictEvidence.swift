import CanonicalJSON

/// What a verdict rests on beside the tree and what the plan says of its gate: under another basis the same
/// tree is judged again.
public struct VerdictBasis: Equatable, Hashable, Sendable {
  /// SHA-256 of what is copied into the gate's worktree; `nil` when nothing is.
  public var setup: String?
  /// What the verifiers were shut in.
  public var sandbox: String
  /// SHA-256 of what `gate.toolchain` printed or, where the plan does not name a command, of the system and
  /// the verifiers' programs.
  public var toolchain: String

  /// Makes a basis.
  public init(setup: String? = nil, sandbox: String, toolchain: String) {
    self.setup = setup
    self.sandbox = sandbox
    self.toolchain = toolchain
  }
}

/// What an entry with a verdict says of how it came about, from version 2 of the format on.
public struct VerdictEvidence: Equatable, Sendable {
  /// What it rests on; without that it is of use to nobody else.
  public var basis: VerdictBasis?
  /// The migration whose verdict on the very same tree and basis this is; `nil` when the verifiers ran.
  public var reused: String?
  /// The verifiers that failed, and passed when they were run once more.
  public var flaky: [String]

  /// The version of the format from which on verdicts have it.
  public static let version = 2

  /// Makes evidence; none of it by default.
  public init(basis: VerdictBasis? = nil, reused: String? = nil, flaky: [String] = []) {
    self.basis = basis
    self.reused = reused
    self.flaky = flaky
  }

  /// What is said of a verdict to people, after it: which folders it may rest on, whose it is, and which
  /// verifiers were not sure; empty when there is nothing to say.
  package func words(kept: [String]) -> String {
    var parts: [String] = []
    if !kept.isEmpty { parts.append("kept \(kept.joined(separator: ", "))") }
    if let reused { parts.append("verdict of '\(reused)' reused") }
    if !flaky.isEmpty { parts.append("flaky: \(flaky.joined(separator: ", "))") }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
  }
}

extension VerdictEvidence {
  func write(to object: inout ObjectBuilder) {
    if let basis {
      object.set("setup", basis.setup)
      object.set("sandbox", basis.sandbox)
      object.set("toolchain", basis.toolchain)
    }
    object.set("reused", reused)
    object.set("flaky", flaky)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init()
    if let toolchain = try object.optionalString("toolchain") {
      let setup = try object.optionalString("setup")
      for digest in [toolchain, setup ?? toolchain] where !Shape.digest.accepts(.string(digest)) {
        throw JSONFault("what the verdict rests on is no digest")
      }
      basis = VerdictBasis(setup: setup, sandbox: try object.string("sandbox"), toolchain: toolchain)
    }
    reused = try object.optionalString("reused")
    flaky = try object.strings("flaky")
  }
}

extension Change {
  /// How the verdict came about that the change records, if it records one.
  var evidence: VerdictEvidence? {
    switch self {
    case .gate(_, .finished(let report)): report.evidence
    case .baseline(.recorded(let baseline)): baseline.evidence
    case .refresh(.intended(let refresh)): refresh.evidence
    case .train(.split(let split)): split.evidence
    case .train(.finished(let report)): report.evidence
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      nil
    }
  }

  /// The version of the format from which on there are such entries.
  var since: Int {
    let hasEvidence = evidence.map { $0 != VerdictEvidence() } ?? false
    return hasEvidence || isWholeGate ? max(kind.since, VerdictEvidence.version) : kind.since
  }

  /// The change as a format without evidence has it.
  var withoutEvidence: Change {
    switch self {
    case .gate(let fence, .finished(var report)):
      report.evidence = VerdictEvidence()
      return .gate(fence, .finished(report))
    case .baseline(.recorded(var baseline)):
      baseline.evidence = VerdictEvidence()
      return .baseline(.recorded(baseline))
    case .refresh(.intended(var refresh)):
      refresh.evidence = VerdictEvidence()
      return .refresh(.intended(refresh))
    case .migration, .refresh, .baseline, .claim, .gate, .train, .merge, .step, .ledger, .agent, .machine,
      .loop,
      .lesson, .publication, .notice, .forge, .fleet, .reserved:
      return self
    }
  }
}
