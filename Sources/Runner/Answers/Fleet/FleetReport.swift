import Ledger
import Migration
import Site
import System

/// Where the targets of a fleet are, for `git migrate fleet status` and `check`.
package struct FleetReport: PrintedAnswer {
  /// The fleet's name.
  package let fleet: String
  /// The wave that was opened last; 0 before the first.
  package let wave: Int
  /// How many waves there are.
  package let waves: Int
  /// Why it is stopped, or `nil`.
  package let stop: String?
  /// The targets, in their order.
  package let targets: [FleetTargetReport]
  /// Why they fail, over all.
  package let causes: [FleetCause]
  /// How the text counts them.
  private let grouping: Grouping

  /// By what targets are counted.
  package enum Grouping: String, CaseIterable, Sendable { case state, owner, wave, cause }

  /// Looks at a fleet.
  package init(_ fleet: String, in state: State, by grouping: Grouping = .state) {
    let known = state.fleets[fleet]
    let members = state.members(of: fleet)
    (self.fleet, self.grouping) = (fleet, grouping)
    (wave, stop) = (known.wave, known.stop)
    waves = members.compactMap(\.plan.fleet?.wave).max() ?? 0
    let causes = FleetCause.all(of: fleet, in: state)
    self.causes = causes
    targets = members.map { FleetTargetReport($0, wave: known.wave, causes: causes) }
  }

  /// Whether a person has to do something before all goes on.
  package var needsPerson: Bool { stop != nil || targets.contains { $0.standing.needsPerson } }

  /// The targets of the open wave.
  package var openTargets: [FleetTargetReport] { targets.filter { $0.wave <= wave } }

  /// The fleet, its targets and the causes of failures.
  package static let form = AnswerForm<FleetReport>.document([
    .text("fleet", \.fleet), .number("wave", \.wave), .number("waves", \.waves),
    .text("stopped", orNull: \.stop), .list("targets", \.targets), .list("causes", \.causes),
  ])

  // MARK: Text

  package func text(_ palette: Palette) -> String {
    var text = "\(palette.bold(fleet)): \(head)\n"
    if let stop { text += "  \(palette.red("stopped")): \(TerminalText.sanitizedLine(stop))\n" }
    switch grouping {
    case .state: text += "  \(FleetReport.counts(targets))\n"
    case .owner: text += groups { $0.owner ?? "nobody" }
    case .wave: text += groups { "wave \($0.wave)" }
    case .cause: break
    }
    return text + needs(palette)
  }

  private var head: String {
    let open = wave == 0 ? "none open" : "wave \(wave) open"
    return "\(Count.of(targets.count, "target")), \(Count.of(waves, "wave")), \(open)"
  }

  private static func counts(_ targets: [FleetTargetReport]) -> String {
    FleetStanding.allCases.compactMap { standing in
      let count = targets.count { $0.standing == standing }
      return count == 0 ? nil : "\(count) \(standing.rawValue)"
    }.joined(separator: ", ")
  }

  private func groups(_ key: (FleetTargetReport) -> String) -> String {
    var names: [String] = []
    var members: [String: [FleetTargetReport]] = [:]
    for target in targets {
      let name = key(target)
      if members[name] == nil { names.append(name) }
      members[name, default: []].append(target)
    }
    return names.map { name in
      let group = members[name] ?? []
      return "  \(TerminalText.sanitizedLine(name))  \(group.count): \(FleetReport.counts(group))\n"
    }.joined()
  }

  private func needs(_ palette: Palette) -> String {
    var text = causes.map { "  \(palette.red($0.id))\($0.line.dropFirst($0.id.count))\n" }.joined()
    for standing in FleetStanding.allCases where standing.needsPerson && standing != .blocked {
      let found = targets.filter { $0.standing == standing }
      if found.isEmpty { continue }
      let more = found.count > FleetReport.named ? " …" : ""
      let names = found.prefix(FleetReport.named).map(\.id).joined(separator: " ")
      text += "  \(palette.red(standing.rawValue))  \(names)\(more)\n"
      if let reason = found.first?.reason { text += "      \(TerminalText.sanitizedLine(reason))\n" }
    }
    return text
  }

  /// How many targets a line names.
  private static let named = 8
}

/// One target of a fleet.
package struct FleetTargetReport: Answer {
  /// Its id.
  package let id: String
  /// Where it is.
  package let url: String
  /// The migration in it, for `--migration`.
  package let migration: String
  /// Who is asked about it.
  package let owner: String?
  /// What else it is known by.
  package let labels: [String]
  /// Its wave.
  package let wave: Int
  /// Where it is.
  package let standing: FleetStanding
  /// Why it does not go on, for people.
  package let reason: String?
  /// The branch there that people work on.
  package let base: String
  /// The branch that is pushed there: of several units the first that has not ended.
  package let branch: String?
  /// Where that is, once it was pushed.
  package let head: String?
  /// The number of its pull request.
  package let number: Int?
  /// Where people look at that.
  package let request: String?
  /// How many of its steps are done.
  package let done: Int
  /// How many steps it has.
  package let steps: Int
  /// The numbers of the causes that its steps fail for.
  package let causes: [String]

  init(_ member: MigrationState, wave: Int, causes: [FleetCause]) {
    let fleet = member.plan.fleet
    let isOpen = (fleet?.wave ?? 0) <= wave
    (id, url) = (fleet?.target.id ?? member.name, fleet?.target.url ?? "")
    (migration, owner) = (member.name, fleet?.target.owner)
    (labels, self.wave) = (fleet?.target.labels ?? [], fleet?.wave ?? 0)
    (base, standing) = (member.publishedBase, member.standingInFleet(isOpen: isOpen))
    let list = member.publications.list
    let publication = list.first { $0.end == nil } ?? list.last
    let isWhole = (member.plan.publish?.unit ?? .migration) == .migration
    // Which units there will be is not known before something is merged.
    let unit = publication?.unit ?? (isWhole ? MigrationState.wholeUnit : nil)
    branch = unit.map { member.publishedBranch(of: $0) }
    (head, number) = (publication?.head?.hex, publication?.request?.number)
    request = publication?.request?.url
    (done, steps) = (member.steps.count - member.openCount, member.steps.count)
    self.causes = causes.filter { $0.migrations.contains(member.name) }.map(\.id)
    if case .paused(let reason) = member.phase {
      self.reason = reason
    } else {
      reason = publication?.handedOver
    }
  }

  /// A target and where it is.
  package static let form = AnswerForm<FleetTargetReport>([
    .text("id", \.id), .text("url", \.url), .text("migration", \.migration), .text("owner", orNull: \.owner),
    .texts("labels", \.labels), .number("wave", \.wave),
    .word("state", FleetStanding.allCases.map(\.rawValue), \.standing.rawValue),
    .text("reason", orNull: \.reason), .text("base", \.base), .text("branch", orNull: \.branch),
    .text("head", orNull: \.head),
    .number("number", orNull: \.number), .text("request", orNull: \.request), .number("done", \.done),
    .number("steps", \.steps), .texts("causes", \.causes),
  ])
}
