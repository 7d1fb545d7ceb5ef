/// Steps that have failed for one cause: one thing to look at.
public struct CauseReport: Equatable, Sendable {
  /// What people call it by: `F4`. In an old ledger causes have no numbers: there they are counted as they
  /// stand here, what stops most first.
  public var id: String
  /// Its fingerprint.
  public var fingerprint: String
  /// What a person calls it.
  public var label: String?
  /// What the plan's patterns call it.
  public var name: String?
  /// What was found first for it.
  public var words: String
  /// The steps that are not done and failed for it last, in the plan's order.
  public var steps: [String]
  /// Those of them that are blocked.
  public var blocked: [String]
  /// How many attempts failed for it in all.
  public var count: Int
  /// Of how many steps that agents have tried these are a part; 0 where it is not likely to be the prompt.
  public var tried: Int

  /// Whether most of what agents have tried failed for it, so that the prompt is more likely at fault than
  /// each step.
  public var isLikelyPrompt: Bool { tried > 0 }

  /// The label, the name or the words.
  public var title: String { label ?? name ?? words }

  /// How many steps must have failed alike before the prompt is suspected.
  private static let fewestAlike = 3

  /// Why the steps of a migration that are not done failed last, what stops most of them first. With
  /// `isWhole` also what no step fails for any more.
  public static func causes(of migration: MigrationState, isWhole: Bool = false) -> [CauseReport] {
    var reports: [CauseReport] = []
    var places: [String: Int] = [:]
    if isWhole {
      for cause in migration.causes.list {
        places[cause.fingerprint] = reports.count
        reports.append(CauseReport(cause))
      }
    }
    var tried = 0
    for index in migration.steps.indices {
      let (step, planned) = (migration.steps[index], migration.plan.steps[index])
      if planned.run == nil || step.isHandedOver, step.epoch > 0 { tried += 1 }
      guard !step.phase.isTerminal, let failure = step.lastFailure else { continue }
      let cause = step.cause ?? Fingerprint.of(failure, step: planned)
      let place = places[cause] ?? reports.count
      if place == reports.count {
        places[cause] = place
        reports.append(migration.causes[cause].map(CauseReport.init) ?? CauseReport(cause, failure))
      }
      reports[place].steps.append(step.id)
      if case .blocked = step.phase { reports[place].blocked.append(step.id) }
    }
    for index in reports.indices {
      let agents = reports[index].steps.count { id in
        migration.index(of: id).map { migration.plan.steps[$0].run == nil } ?? false
      }
      if agents >= fewestAlike, 2 * agents > tried { reports[index].tried = tried }
    }
    // A stable sort: among equals, the order in which they came up.
    reports = reports.enumerated().sorted {
      ($1.element.steps.count, $0.offset) < ($0.element.steps.count, $1.offset)
    }.map(\.element)
    var number = 0
    let taken = Set(reports.map(\.id))
    for index in reports.indices where reports[index].id == reports[index].fingerprint {
      repeat { number += 1 } while taken.contains("F\(number)")
      reports[index].id = "F\(number)"
    }
    return reports
  }

  private init(_ cause: KnownCause) {
    (id, fingerprint, label, name) = (cause.id, cause.fingerprint, cause.label, cause.name)
    (words, count) = (cause.words, cause.count)
    (steps, blocked, tried) = ([], [], 0)
  }

  private init(_ fingerprint: String, _ failure: Failure) {
    (id, self.fingerprint, words) = (fingerprint, fingerprint, PlainText.line(failure.headline))
    (steps, blocked, count, tried) = ([], [], 0, 0)
  }

  /// How many examples a line names.
  private static let examples = 3

  /// `F1  5 steps  test: '(' was never closed  pkg-m3 pkg-m6 …  likely the prompt (5 of 12)`; at most so many
  /// columns, of which the words give way first; 0 cuts nothing.
  public func line(width: Int = 0) -> String {
    let count = steps.isEmpty ? "no step" : Count.of(steps.count, "step")
    let more = steps.count > Self.examples ? " …" : ""
    var tail = steps.isEmpty ? "" : "  " + steps.prefix(Self.examples).joined(separator: " ") + more
    if isLikelyPrompt { tail += "  likely the prompt (\(steps.count) of \(tried))" }
    let head = "\(id)  \(count)  "
    var text = PlainText.line(title)
    if label != nil || name != nil, width == 0 { text += " (\(PlainText.line(words)))" }
    if width > 0 {
      let room = width - PlainText.width(head) - PlainText.width(tail)
      text = PlainText.cut(text, to: max(24, room))
    }
    let line = head + text + PlainText.line(tail)
    return width > 0 ? PlainText.cut(line, to: width) : line
  }
}

extension CauseReport: Answer {
  /// The cause, its words, and the steps that it stops.
  public static let form = AnswerForm<CauseReport>([
    .text("id", \.id), .text("cause", \.fingerprint), .text("label", orNull: \.label),
    .text("name", orNull: \.name), .text("words", \.words), .texts("steps", \.steps),
    .texts("blocked", \.blocked), .number("attempts", \.count), .flag("likely_prompt", \.isLikelyPrompt),
    .number("tried", \.tried),
  ])
}

extension MigrationState {
  /// The cause that people mean: by its number, its label, or its fingerprint.
  public func cause(named name: String) -> CauseReport? {
    let reports = CauseReport.causes(of: self, isWhole: true)
    if let known = causes.named(name) { return reports.first { $0.fingerprint == known.fingerprint } }
    return reports.first { $0.fingerprint == name || $0.id == name.uppercased() }
  }
}

/// What steps have in common, as far as their names and paths tell: the folder that all are below, and words
/// that most of them have and few others.
public struct CommonGround: Equatable, Sendable {
  /// The folder; `nil` when there is none but the top.
  public var folder: String?
  /// The words, each with how many of the steps have it, and how many of all others.
  public var words: [Word]

  /// A word of paths.
  public struct Word: Equatable, Sendable {
    /// The word.
    public var word: String
    /// How many of the steps have it.
    public var steps: Int
    /// How many other steps have it.
    public var others: Int
  }

  /// How many words are told, and how long one is at least.
  private static let (most, shortest) = (5, 3)

  /// Compares steps with all others of a migration.
  public init(of steps: [String], in migration: MigrationState) {
    let chosen = Set(steps)
    var (folders, inside, outside): ([String], [String: Int], [String: Int]) = ([], [:], [:])
    for planned in migration.plan.steps {
      let words = CommonGround.words(of: planned)
      if chosen.contains(planned.id) {
        folders.append(planned.folder)
        for word in words { inside[word, default: 0] += 1 }
      } else {
        for word in words { outside[word, default: 0] += 1 }
      }
    }
    folder = CommonGround.common(folders)
    let others = migration.plan.steps.count - folders.count
    words = inside.filter { word, count in
      guard folders.count > 1, 2 * count > folders.count else { return false }
      // Told only what tells these from the others.
      return count * max(1, others) > 2 * (outside[word] ?? 0) * folders.count
    }.map { Word(word: $0.key, steps: $0.value, others: outside[$0.key] ?? 0) }
      .sorted { ($1.steps, $0.others, $0.word) < ($0.steps, $1.others, $1.word) }
    words = Array(words.prefix(CommonGround.most))
  }

  private static func words(of step: PlannedStep) -> Set<String> {
    let texts = [step.match["path"] ?? step.match["line"] ?? step.id] + step.paths
    return Set(
      texts.flatMap { text in
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
      }.filter { $0.count >= shortest })
  }

  private static func common(_ folders: [String]) -> String? {
    guard let first = folders.first, folders.count > 1 else { return nil }
    var parts = first.split(separator: "/")
    for folder in folders.dropFirst() {
      let other = folder.split(separator: "/")
      while parts.count > other.count || !parts.elementsEqual(other.prefix(parts.count)) {
        parts.removeLast()
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "/")
  }
}
