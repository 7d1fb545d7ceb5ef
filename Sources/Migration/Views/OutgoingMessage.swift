/// One text on one way to people: what a run sends.
public struct OutgoingMessage: Equatable, Sendable {
  /// The way.
  public var kind: NotifyChannel.Kind
  /// The command, the address or the recipients; see `NotifyChannel.target`.
  public var target: String
  /// Whose steps it is about; `nil` for everybody.
  public var owner: String?
  /// A room at the address, where the plan names one for the owner.
  public var room: String?
  /// One line.
  public var subject: String
  /// A paragraph a thing, each with the command that helps.
  public var lines: [String]
  /// The weight of the weightiest thing in it.
  public var severity: Severity
  /// What happened, for programs: the word of the first thing.
  public var event: String
  /// The step of the first thing, where it has one.
  public var step: String?

  /// What the ledger calls the way: its kind, and whose it is.
  public var channel: String { owner.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue }

  /// The whole text.
  public var text: String { ([subject, ""] + lines).joined(separator: "\n") + "\n" }
}

extension MigrationState {
  /// The messages that tell these notices: one a way and owner, however many things there are to tell.
  /// `option` stands in the commands where more than one migration is open: `--migration NAME `.
  public func outgoing(_ numbers: [Int], owners: CodeOwners?, option: String = "") -> [OutgoingMessage] {
    guard let policy = plan.messages else { return [] }
    let things = numbers.compactMap { notices[$0] }.map { Told($0, self, option) }
    var messages: [OutgoingMessage] = []
    for (owner, things) in shared(things, policy.isByOwner ? owners : nil) {
      for channel in channels(of: owner, policy) {
        let told = things.filter { $0.severity >= channel.least }
        guard let first = told.max(by: { $0.severity < $1.severity }) else { continue }
        messages.append(
          OutgoingMessage(
            kind: channel.kind, target: channel.target, owner: owner, room: room(of: owner, channel.kind),
            subject: subject(told, first), lines: told.map(\.paragraph), severity: first.severity,
            event: first.kind.event, step: first.step))
      }
    }
    return messages
  }

  /// Who is told what: each owner of their own steps, and everybody of what is nobody's.
  private func shared(_ things: [Told], _ owners: CodeOwners?) -> [(owner: String?, things: [Told])] {
    guard let owners else { return [(nil, things)] }
    var (common, own): ([Told], [(owner: String, things: [Told])]) = ([], [])
    for thing in things {
      var steps: [(owner: String, steps: [String])] = []
      var nobodys: [String] = []
      for step in thing.steps {
        let found = index(of: step).map { index in
          Insight.paths(of: plan.steps[index]).flatMap { owners.owners(of: $0) }
        }
        if found?.isEmpty ?? true, !thing.knowing.contains("") { nobodys.append(step) }
        for owner in Set(found ?? []).sorted() where !thing.knowing.contains(owner) {
          if let place = steps.firstIndex(where: { $0.owner == owner }) {
            steps[place].steps.append(step)
          } else {
            steps.append((owner, [step]))
          }
        }
      }
      if thing.steps.isEmpty { common.append(thing) }
      if !nobodys.isEmpty { common.append(thing.of(nobodys)) }
      for (owner, mine) in steps {
        if let place = own.firstIndex(where: { $0.owner == owner }) {
          own[place].things.append(thing.of(mine))
        } else {
          own.append((owner, [thing.of(mine)]))
        }
      }
    }
    let all = own.sorted { $0.owner < $1.owner }.map { (owner: Optional($0.owner), things: $0.things) }
    return (common.isEmpty ? [] : [(nil, common)]) + all
  }

  /// The ways to an owner: those of the plan, with the owner's own address in the place of the plan's.
  private func channels(of owner: String?, _ policy: NotifyPolicy) -> [NotifyChannel] {
    guard let owner else { return policy.channels }
    let own = plan.channels[owner] ?? (NotifyChannel.fault(.mail, owner) == nil ? owner : "")
    var channels = policy.channels
    for kind in [NotifyChannel.Kind.webhook, .mail] where NotifyChannel.fault(kind, own) == nil {
      if let index = channels.firstIndex(where: { $0.kind == kind }) {
        channels[index].target = own
      } else {
        channels.append(NotifyChannel(kind, own))
      }
    }
    return channels
  }

  private func room(of owner: String?, _ kind: NotifyChannel.Kind) -> String? {
    guard let owner, let own = plan.channels[owner], kind == .webhook || kind == .command else { return nil }
    return NotifyChannel.fault(.webhook, own) == nil || NotifyChannel.fault(.mail, own) == nil ? nil : own
  }

  private func subject(_ told: [Told], _ first: Told) -> String {
    let words = told.count == 1 ? first.headline : "\(first.headline), and \(told.count - 1) more"
    return PlainText.cut("[\(name)] \(words)", to: 120)
  }
}

/// A notice as it is told, by what the state says now.
private struct Told {
  var severity: Severity
  var kind: Notice.Kind
  var step: String?
  /// The steps that it is about.
  var steps: [String]
  var holds = 0
  var name: String?
  var reason: String
  var command: String
  var isAgain: Bool
  /// Who knows already.
  var knowing: [String]

  init(_ item: NoticeItem, _ state: MigrationState, _ option: String) {
    let tail = option.isEmpty ? "" : " \(option.dropLast())"
    (severity, isAgain) = (item.severity, item.toldAt != nil && !item.hasMore)
    (kind, step) = (item.notice.kind, item.notice.step)
    knowing = item.hasMore ? item.toldTo : []
    switch item.notice {
    case .stepBlocked(let id, let why):
      let cause = state.blockedCauses.first {
        item.cause == nil ? $0.steps == [id] : $0.fingerprint == item.cause
      }
      (steps, holds, name) = (cause?.steps ?? [id], cause?.holds ?? 0, cause?.name)
      reason = cause?.words ?? why
      command = "git migrate show \(option)\(steps.count > 1 ? name ?? id : steps.first ?? id)"
    case .personWanted(let id, let why):
      (steps, reason) = ([id], why)
      command = "git migrate show \(option)\(id)"
    case .paused(let why):
      (steps, reason) = ([], why)
      command = "git migrate resume\(tail)"
    case .allStepsDone:
      (steps, reason) = ([], "")
      command = "git migrate finish\(tail)"
    case .baseHeld(let why):
      (steps, reason) = ([], why)
      command = "git migrate refresh\(tail)"
    }
  }

  /// The same of some of its steps.
  func of(_ some: [String]) -> Told {
    var told = self
    told.steps = some
    if let step, !some.contains(step) { told.step = some.first }
    return told
  }

  /// How many names of steps are told.
  private static let most = 5

  /// What happened, in one line.
  var headline: String { isAgain ? "still: \(words)" : words }

  private var words: String {
    let text = PlainText.line(reason)
    switch kind {
    case .stepBlocked:
      let waiting = holds > 0 ? ", \(holds) more wait" : ""
      guard steps.count > 1 else { return "\(steps.first ?? "") is blocked\(waiting): \(text)" }
      let subject = name.map { "\($0) blocks" } ?? "blocked are"
      return "\(subject) \(Count.of(steps.count, "step"))\(waiting): \(text)"
    case .personWanted: return "\(step ?? "") waits for your word: \(text)"
    case .paused: return "the migration is paused: \(text)"
    case .allStepsDone: return "every step is done"
    case .baseHeld: return text
    }
  }

  /// The same with the names of the steps and the command that helps.
  var paragraph: String {
    var lines = [headline]
    if steps.count > 1 {
      let more = steps.count > Self.most ? " …" : ""
      lines.append("  " + steps.prefix(Self.most).joined(separator: " ") + more)
    }
    lines.append("  \(command)")
    return lines.joined(separator: "\n")
  }
}
