/// The members that version 2 of the format has in kinds of version 1 beside those that rules read. They are
/// kept as they are; the rules refuse an event that has one, but for a cause and the facts of an attempt or a
/// verdict.
enum ReservedMembers {
  /// The forms of a kind; all may be left out.
  static func forms(_ kind: Change.Kind) -> [MemberForm] { forms[kind] ?? [] }

  private static let forms: [Change.Kind: [MemberForm]] = [
    .migration(.started): [.may("targets", .digest)],
    .migration(.amended): [.may("targets", .digest), .may("from", .text)],
    .migration(.paused): [.may("cause", .text)],
    .baseline(.recorded): evidence + [.may("cause", .text), .may("cause_name", .text)]
      + VerdictFacts.forms,
    .claim(.claimed): [
      .may("agent", .text), .may("adapter", .text), .may("model", .text), .may("agent_version", .text),
      .may("session", .text), .may("continues", .counter), .may("sandbox", .text), .may("resources", .words),
      .may("stage", .text), .may("target", .text), .may("has", .texts),
    ],
    .claim(.failed): [.may("cause", .text), .may("cause_name", .text), .may("findings", .texts)]
      + AttemptFacts.formsOfEnd,
    .claim(.submitted): [.may("summary", .digest)] + AttemptFacts.formsOfEnd,
    .claim(.stageEnded): AttemptFacts.formsOfEnd, .claim(.handedOver): AttemptFacts.formsOfEnd,
    .claim(.released): AttemptFacts.forms,
    .claim(.expired): AttemptFacts.forms,
    .gate(.finished): evidence + [
      .may("mutated", .texts), .may("cause", .text), .may("cause_name", .text), .may("findings", .texts),
      .may("partner", .text),
    ] + VerdictFacts.forms,
    .train(.finished): evidence + [
      .may("mutated", .texts), .may("cause", .text), .may("cause_name", .text), .may("findings", .texts),
    ] + VerdictFacts.forms,
    .loop(.trialFinished): [.may("cause", .text), .may("cause_name", .text)] + AttemptFacts.forms,
    .train(.split): VerdictFacts.forms, .refresh(.intended): VerdictFacts.forms,
  ]

  /// What the verifiers of a verdict did.
  private static let evidence: [MemberForm] = [
    .may("runner", .text), .may("executed", .counter), .may("skipped", .counter), .may("tests", .digest),
  ]
}
