import Forges
import Migration
import Site
import System

/// The units of a migration, each with where it is: what `publish -n` and `prs` print.
package struct PublicationList: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// The units, in the order in which they were made.
  package let units: [ListedUnit]

  /// The units.
  package static let form = AnswerForm<PublicationList>.document([
    .text("migration", \.migration), .list("units", \.units),
  ])

  /// Tells of units.
  package init(_ migration: String, _ units: [ListedUnit]) {
    (self.migration, self.units) = (migration, units)
  }

  package func text(_ palette: Palette) -> String {
    if units.isEmpty { return "nothing is merged that could be offered\n" }
    return Rows.table(
      units.map { unit in
        [
          unit.unit, unit.number.map { "#\($0)" } ?? unit.branch, Count.of(unit.files, "file"),
          unit.owners.joined(separator: " "), unit.standing, unit.url ?? "",
        ]
      })
  }
}

/// One unit.
package struct ListedUnit: Answer {
  /// Its name.
  package let unit: String
  /// `intended`, `pushed`, `open`, `merged`, `closed`, `people`, or `none` before there is a branch.
  package let state: String
  /// Where it is, in words.
  package let standing: String
  /// Its branch.
  package let branch: String
  /// Its steps; none when it is the whole branch.
  package let steps: [String]
  /// How many files it changes.
  package let files: Int
  /// Who owns them.
  package let owners: [String]
  /// The number of its pull request.
  package let number: Int?
  /// Where people look at that.
  package let url: String?
  /// Since when it is open.
  package let openedAt: Timestamp?
  /// What came of its checks.
  package let checks: String?
  /// What reviewers say.
  package let review: String?

  /// What a unit can be.
  static let states = ["none", "intended", "pushed", "open", "merged", "closed", "people"]

  /// What is said of it.
  package static let form = AnswerForm<ListedUnit>([
    .text("unit", \.unit), .word("state", states, \.state), .text("standing", \.standing),
    .text("branch", \.branch), .texts("steps", \.steps), .number("files", \.files),
    .texts("owners", \.owners), .number("number", orNull: \.number), .text("url", orNull: \.url),
    .time("opened_at", orNull: \.openedAt), .text("checks", orNull: \.checks),
    .text("review", orNull: \.review),
  ])

  init(_ proposed: ProposedUnit, _ state: MigrationState, at now: Timestamp, _ moment: WeekMoment) {
    let known = state.publications[proposed.unit]
    unit = proposed.unit
    self.state = known?.word ?? "none"
    branch = state.publishedBranch(of: proposed.unit)
    (steps, files, owners) = (proposed.steps, proposed.files.count, proposed.owners)
    (number, url, openedAt) = (known?.request?.number, known?.request?.url, known?.request?.at)
    (checks, review) = (known?.seen?.checks?.rawValue, known?.seen?.review?.rawValue)
    standing = ListedUnit.words(state.standing(of: proposed, at: now, moment), known, at: now)
  }

  private static func words(_ standing: UnitStanding, _ known: Publication?, at now: Timestamp) -> String {
    switch standing {
    case .settle: return "a move was cut off"
    case .push: return known?.request == nil ? "now" : "to be updated"
    case .open: return "to be opened"
    case .fix: return "to be mended"
    case .ready: return "a draft, to be made ready"
    case .look:
      let days = known?.request.map { Int((now.seconds - $0.at.seconds) / 86_400) } ?? 0
      let words = known?.seen?.words ?? "is open"
      return days > 0 ? "\(words), for \(Count.of(days, "day"))" : words
    case .waits(let reason): return "waits for \(reason)"
    case .later(let seconds): return "in \(SpanText.of(seconds))"
    case .people(let reason): return "people's: \(reason)"
    case .ended(let word): return word
    }
  }
}

extension SitePublishing {
  /// The units with where they are now.
  package func list() throws(CommandError) -> PublicationList {
    let state: MigrationState
    do throws(PublishError) { state = try self.state() } catch { throw CommandError(error.description) }
    let (now, moment) = (now(), moment())
    return PublicationList(
      state.name, try proposed(state).map { ListedUnit($0, state, at: now, moment) })
  }
}

/// One message for each owner, about what waits for them.
package struct OwnerMessages: PrintedAnswer {
  /// The messages.
  package let messages: [OwnerMessage]

  /// The messages.
  package static let form = AnswerForm<OwnerMessages>.document([.list("messages", \.messages)])

  /// Makes them of what is open; with `days` of what has been so for at least so many.
  package init(_ list: PublicationList, channels: [String: String], days: Int?, at now: Timestamp) {
    var byOwner: [String: [ListedUnit]] = [:]
    for unit in list.units where unit.state == "open" {
      if let days, let opened = unit.openedAt, opened.adding(seconds: days * 86_400) > now { continue }
      for owner in unit.owners.isEmpty ? ["nobody"] : unit.owners { byOwner[owner, default: []].append(unit) }
    }
    messages = byOwner.sorted { $0.key < $1.key }.map { owner, units in
      let lines = units.map { "- #\($0.number ?? 0) \($0.unit): \($0.standing) \($0.url ?? "")" }
      let words = Count.of(units.count, "pull request")
      let text =
        "\(words) of the migration \(list.migration) \(units.count == 1 ? "waits" : "wait") for you:\n"
      return OwnerMessage(
        owner: owner, channel: channels[owner], numbers: units.compactMap(\.number),
        text: text + lines.joined(separator: "\n"))
    }
  }

  package func text(_: Palette) -> String {
    if messages.isEmpty { return "nothing waits for anybody\n" }
    return messages.map { message in
      let to = message.channel.map { "\(message.owner) (\($0))" } ?? message.owner
      return "to \(to)\n"
        + message.text.split(separator: "\n").map { "  \(TerminalText.sanitizedLine(String($0)))\n" }.joined()
    }.joined(separator: "\n")
  }
}

/// A message.
package struct OwnerMessage: Answer {
  /// Who owns what waits.
  package let owner: String
  /// Where they are reached, as the plan says.
  package let channel: String?
  /// The pull requests.
  package let numbers: [Int]
  /// What it says.
  package let text: String

  /// Whom, where, what.
  package static let form = AnswerForm<OwnerMessage>([
    .text("owner", \.owner), .text("channel", orNull: \.channel), .numbers("numbers", \.numbers),
    .text("text", \.text),
  ])
}

extension PublicationList {
  /// The same with those units alone that are named; with no name all.
  package func only(_ names: [String]) -> PublicationList {
    names.isEmpty ? self : filtered { names.contains($0.unit) }
  }

  /// The same with those units alone.
  package func filtered(_ isWanted: (ListedUnit) -> Bool) -> PublicationList {
    PublicationList(migration, units.filter(isWanted))
  }
}
