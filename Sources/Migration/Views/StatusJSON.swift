/// The report for scripts, version 1. Members may be added within the version, never taken away or given
/// another meaning; every member is always there, and what is absent is `null`.
extension StatusReport: Answer {
  /// `migrations`, the ledger's last number and how fresh the picture is.
  public static let form = AnswerForm<StatusReport>.document([
    .number("seq", \.sequence),
    .object("shared", orNull: \.shared),
    .list("migrations", \.migrations),
  ])
}

extension SharedPicture: Answer {
  /// How fresh the picture of a shared ledger is.
  public static let form = AnswerForm<SharedPicture>([
    .text("remote", \.remote), .time("as_of", orNull: \.asOf), .number("waiting", \.waiting),
  ])
}

extension MigrationReport: Answer {
  /// A migration with all its steps.
  public static let form = AnswerForm<MigrationReport>([
    .text("name", \.name), .word("state", MigrationPhase.words, \.state), .text("reason", orNull: \.reason),
    .text("into", \.into), .object("baseline", orNull: \.baseline), .list("rests", \.rests),
    .list("missing", \.missing),
    .object("used", orNull: { $0.used.isEmpty ? nil : $0.used }),
    .list("needs", \.needs), .object("next_action", orNull: { $0.nextAction.flatMap(NextAction.init) }),
    .time("since", orNull: \.since), .number("cost") { $0.used.amounts.microdollars },
    .object("pace", orNull: \.pace),
    .list("causes", \.causes), .number("uses_left", orNull: \.usesLeft),
    .numbers("counts", by: { $0.namedCounts }),
    .numbers("done_by", by: { [("codemods", $0.doneBy[0]), ("others", $0.doneBy[1])] }),
    .numbers("judge", by: { report in JudgeAnswer.Answer.allCases.map { ($0.rawValue, report.judges[$0]) } }),
    .list("steps", \.steps),
  ])

  /// How many steps are in each state, by its word, zeros included; then `total`.
  public var namedCounts: [(name: String, count: Int)] {
    zip(StepWord.allCases, counts).map { ($0.rawValue, $1) } + [("total", steps.count)]
  }
}

extension Need: Answer {
  /// What needs a person.
  public static let form = AnswerForm<Need>([
    .word("code", Code.allCases.map(\.rawValue), \.code.rawValue), .text("name", orNull: \.name),
    .text("reason", \.reason), .text("command", orNull: \.command), .texts("steps", \.steps),
    .number("holds", \.holds), .time("until", orNull: \.until),
  ])
}

/// The one thing to do next.
struct NextAction: Answer {
  let code: Need.Code
  let command: String
  let steps: [String]

  /// That of a need; `nil` when there is nothing to do about it.
  init?(_ need: Need) {
    guard let command = need.command else { return nil }
    (code, self.command, steps) = (need.code, command, need.steps)
  }

  static let form = AnswerForm<NextAction>([
    .word("code", Need.Code.allCases.map(\.rawValue), \.code.rawValue), .text("command", \.command),
    .texts("steps", \.steps),
  ])
}

extension Pace: Answer {
  /// How fast it goes, and how long the rest may take.
  public static let form = AnswerForm<Pace>([
    .number("steps", \.steps), .number("seconds", \.seconds), .number("left", \.left),
    .number("estimate", orNull: \.estimate),
  ])
}

extension RestReport: Answer {
  /// An agent that rests because its service does not serve.
  public static let form = AnswerForm<RestReport>([
    .text("agent", \.agent), .text("cause", \.cause), .text("reason", \.reason), .time("until", \.until),
    .text("probe", orNull: \.probe),
  ])
}

extension MissingReport: Answer {
  /// A program that is missing on a machine.
  public static let form = AnswerForm<MissingReport>([
    .text("program", \.program), .text("reason", \.reason), .text("machine", \.machine), .text("by", \.by),
    .time("since", \.since),
  ])
}

extension BaselineReport: Answer {
  /// Who judges the base now.
  public static let form = AnswerForm<BaselineReport>([
    .text("holder", \.holder), .flag("holder_dead", \.isHolderDead), .time("expires_at", \.expiresAt),
  ])
}

extension StepReport: Answer {
  /// One step; see the properties for what the members mean.
  public static let form = AnswerForm<StepReport>([
    .text("id", \.id), .text("title", \.title), .word("state", StepWord.allCases.map(\.rawValue), \.state),
    .number("attempts", \.attempts), .number("epoch", \.epoch), .text("holder", orNull: \.holder),
    .flag("holder_dead", \.isHolderDead), .time("expires_at", orNull: \.expiresAt),
    .texts("needs", \.needs), .text("commit", orNull: { $0.commit?.hex }), .text("reason", orNull: \.reason),
    .time("claimed_at", orNull: \.claimedAt), .time("changed_at", orNull: \.changedAt),
    .time("rests_until", orNull: \.restsUntil), .number("cost", \.cost),
  ])
}
