import CanonicalJSON

/// What people are told of a migration. Whoever sends something says so before and after, so that no two
/// send the same.
public enum NoticeChange: Equatable, Sendable {
  /// Something is to be told that no other entry says.
  case raised(Notice)
  /// Somebody sends these now; of one that took the place of another that is dead, the evidence.
  case claimed(NotifierClaim, Evidence?)
  /// What became of it.
  case sent(NoticeReport)

  /// The version of the format from which on these are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case raised = "notice.raised"
    case claimed = "notifier.claimed"
    case sent = "notice.sent"
  }

  var kind: Kind {
    switch self {
    case .raised: .raised
    case .claimed: .claimed
    case .sent: .sent
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .raised(let notice): notice.write(to: &object)
    case .claimed(let claim, let evidence):
      claim.write(to: &object)
      if let evidence { object.set("evidence", evidence.json) }
    case .sent(let report): report.write(to: &object)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .raised: self = .raised(try Notice(from: &object))
    case .claimed:
      let claim = try NotifierClaim(from: &object)
      var evidence: Evidence?
      if let value = object.optional("evidence") { evidence = try Evidence(json: value) }
      self = .claimed(claim, evidence)
    case .sent: self = .sent(try NoticeReport(from: &object))
    }
  }

  /// What is said of it to people, after the migration's name.
  var words: String {
    switch self {
    case .raised(let notice): "people are to be told: \(notice.words)"
    case .claimed(let claim, _):
      "\(Count.of(claim.notices.count, "notice")) sent by \(claim.claim.holder)"
    case .sent(let report):
      if let failed = report.failed.first, report.to.isEmpty {
        "people could not be told by \(failed.channel): \(failed.reason)"
      } else if report.to.isEmpty {
        "nobody was to be told of \(Count.of(report.notices.count, "notice"))"
      } else {
        "people told by \(report.to.joined(separator: ", "))"
          + report.failed.map { "; not by \($0.channel): \($0.reason)" }.joined()
      }
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> NoticeChange {
    switch self {
    case .raised(let notice): return .raised(notice.mappingTexts(redact))
    case .claimed: return self
    case .sent(let report):
      let failed = report.failed.map { NoticeReport.Failed($0.channel, redact($0.reason)) }
      return .sent(NoticeReport(notices: report.notices, to: report.to, failed: failed))
    }
  }
}
