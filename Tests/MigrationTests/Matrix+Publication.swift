import CanonicalJSON
import Migration

/// For the matrix: what becomes of pull requests, made to fit the state as well as it can.
extension Story {
  /// For the matrix: what people are told.
  func noticeChange(_ kind: NoticeChange.Kind) -> NoticeChange {
    let numbers = current.notices.items.filter { $0.toldAt == nil }.map(\.number)
    switch kind {
    case .raised: return .raised(.baseHeld(reason: "r\(current.notices.last)"))
    case .claimed:
      let claim = PublisherClaim(holder: "ann", owner: process(9), expiresAt: now.adding(seconds: 60))
      return .claimed(NotifierClaim(claim, notices: numbers.isEmpty ? [1] : numbers), nil)
    case .sent: return .sent(NoticeReport(notices: current.notices.notifier?.notices ?? [1], to: ["mail"]))
    }
  }

  func publicationChange(_ kind: PublicationChange.Kind, _ step: String) -> PublicationChange {
    let units = current.publications.list.filter { $0.end == nil && $0.handedOver == nil }
    let fresh = "u\(current.publications.list.count)"
    let pushed = units.last { $0.head != nil && $0.intent == nil }?.unit ?? fresh
    let intended = units.last { $0.intent != nil }
    let open = units.last { $0.request != nil }
    switch kind {
    case .claimed:
      return .claimed(
        PublisherClaim(holder: "p", owner: process(9), expiresAt: now.adding(seconds: 86_400)), nil)
    case .approved: return .approved(unit: "a\(current.publications.approved.count)")
    case .intended:
      let known = units.last { $0.intent == nil }
      return .intended(
        unit: known?.unit ?? fresh, steps: known?.steps ?? [],
        BranchIntent(
          old: known?.head, new: newObject(), holder: "p", owner: process(9),
          expiresAt: now.adding(seconds: 60)))
    case .moved:
      return .moved(unit: intended?.unit ?? fresh, commit: intended?.intent?.new ?? oid(94), people: false)
    case .lost: return .lost(unit: intended?.unit ?? fresh, reason: "r")
    case .opened:
      let unit = units.last { $0.head != nil && $0.request == nil }?.unit ?? fresh
      let number = (current.publications.list.compactMap(\.request?.number).max() ?? 0) + 1
      return .opened(unit: unit, forge: "github.com", number: number, url: nil)
    case .seen:
      var sight = PublicationSight(state: "open", head: open?.head, checks: .red, failures: ["test_a failed"])
      if open?.seen == sight { sight.checks = .green }
      return .seen(unit: open?.unit ?? pushed, sight)
    case .fixAdded:
      let unit =
        units.last { $0.wantsFix && current.openFix(of: $0.unit) == nil }?.unit ?? pushed
      return .fixAdded(unit: unit, step: current.fixID(of: unit), failures: ["test_a failed"])
    case .merged: return .merged(unit: pushed, commit: oid(93))
    case .closed: return .closed(unit: pushed, reason: "not wanted")
    }
  }
}
