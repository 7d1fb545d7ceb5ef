import Migration
import Testing

@testable import Forges

/// A ledger and the issues of a forge in memory.
private final class MemoryBoard: BoardWorld, IssueTracker {
  let memory: MemoryWorld
  var issues: [ForgeIssue] = []
  var told: [String] = []
  /// How many writes the forge does before it says that it is asked too much.
  var patience = 1000
  /// How many answers to what opens an issue are lost.
  var lost = 0
  var writes = 0

  init(_ steps: [String], policy: BoardPolicy = BoardPolicy()) throws {
    var plan = Plan(
      migration: "mig", agent: Plan.Agent(command: "agent"),
      steps: steps.map { PlannedStep(id: $0, title: "Do \($0)") },
      prompt: "do it")
    (plan.board, plan.attempts) = (policy, 1)
    memory = try MemoryWorld(plan)
  }

  func state() throws(PublishError) -> State { memory.ledger }
  func record(_ changes: [(migration: String, change: Change)]) throws(PublishError) -> Refusal? {
    do { for change in changes { _ = try memory.tell(change.change) } } catch { return error as? Refusal }
    return nil
  }
  func now() -> Timestamp { memory.clock }
  var claim: (holder: String, owner: Owner) { memory.claim }
  func isDead(_ owner: Owner) -> Bool { false }
  func tell(_ line: String) { told.append(line) }

  var host: String { "forge.test" }
  func issues(labelled label: String) throws(ForgeError) -> [ForgeIssue] {
    // Forges give lines back as browsers end them.
    issues.filter { $0.draft.labels.contains(label) }.reversed().map { issue in
      var issue = issue
      issue.draft.body = issue.draft.body.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")
      return issue
    }
  }
  private func write() throws(ForgeError) {
    guard writes < patience else { throw .rests(seconds: 60, reason: "too many") }
    writes += 1
  }
  func open(_ draft: IssueDraft) throws(ForgeError) -> ForgeIssue {
    try write()
    let issue = ForgeIssue(number: issues.count + 1, url: nil, draft)
    issues.append(issue)
    if lost > 0 {
      lost -= 1
      throw .unknown("no answer")
    }
    return issue
  }
  func change(_ issue: ForgeIssue, to draft: IssueDraft) throws(ForgeError) {
    try write()
    issues[issue.number - 1].draft = draft
  }

  // MARK: What tests do

  private func mirror(_ isDryRun: Bool = false) -> BoardMirror {
    let policy = memory.state0.plan.board ?? BoardPolicy()
    return BoardMirror(self, self, Board("mig", policy), members: ["mig"], isDryRun: isDryRun)
  }
  @discardableResult func push(dry: Bool = false) throws -> BoardOutcome {
    let mirror = mirror(dry)
    try mirror.push()
    return mirror.outcome
  }
  @discardableResult func pull(dry: Bool = false) throws -> BoardOutcome {
    let mirror = mirror(dry)
    try mirror.pull()
    return mirror.outcome
  }
  /// The labels of the cards that are columns or commands, by number.
  func labels(_ number: Int) -> [String] {
    issues[number - 1].draft.labels.filter { !$0.hasPrefix("migration:") }.sorted()
  }
  func move(_ number: Int, to word: String) {
    let words = BoardColumn.allCases.map { (memory.state0.plan.board ?? BoardPolicy()).word($0) }
    issues[number - 1].draft.labels.subtract(words)
    issues[number - 1].draft.labels.insert(word)
  }
  func mark(_ number: Int, _ label: String) { issues[number - 1].draft.labels.insert(label) }
  func phase(_ step: String) -> String { memory.state0.step(step)?.phase.word ?? "" }
  /// Lets a step fail for good.
  func block(_ step: String, _ words: String) throws {
    let fence = Fence(step: step, epoch: 1)
    try memory.tell(
      .stepClaimed(
        Claim(
          fence: fence, holder: "w", owner: memory.claim.owner, base: memory.state0.tip,
          expiresAt: memory.clock.adding(seconds: 600), slot: nil)))
    try memory.tell(.attemptFailed(fence, Failure(kind: .worker, reason: words)))
  }
}

@Suite("The board of a migration")
struct BoardTests {
  @Test func `each step has one card, and twice changes nothing`() throws {
    let board = try MemoryBoard(["A", "B"])
    #expect(try board.push() == outcome(opened: 2))
    #expect(board.issues.map(\.draft.title) == ["mig: A: Do A", "mig: B: Do B"])
    #expect(board.labels(1) == ["Todo"] && board.issues[0].draft.labels.contains("migration:mig"))
    let writes = board.writes
    #expect(try board.push() == outcome())
    #expect(try board.pull() == outcome())
    #expect(board.writes == writes)
    try board.memory.merge("A", as: 5)
    #expect(try board.push() == outcome(changed: 1))
    #expect(board.labels(1) == ["Done"] && board.issues[0].draft.end == .completed)
    #expect(board.labels(2) == ["Todo"] && board.issues[1].draft.end == nil)
  }

  @Test func `what was done when nobody looked gets no card any more`() throws {
    let board = try MemoryBoard(["A", "B"])
    try board.memory.merge("A", as: 5)
    #expect(try board.push() == outcome(opened: 1))
  }

  @Test func `a card that people move asks for what they could do by hand`() throws {
    let board = try MemoryBoard(["A", "B", "C"])
    try board.push()
    board.move(1, to: "Abandoned")
    board.move(2, to: "Done")
    board.mark(3, "migrate:pause")
    #expect(try board.push().moved == 3, "push leaves what people have moved")
    #expect(board.labels(1) == ["Abandoned"])
    let looked = try board.pull(dry: true)
    #expect(looked.taken.map(\.wish) == [.skip, .approve, .pause] && board.phase("A") == "ready")
    let taken = try board.pull().taken
    #expect(taken.map(\.wish) == [.skip, .approve, .pause])
    #expect(taken.map(\.refusal) == [nil, "there is nothing to approve", nil])
    #expect(board.phase("A") == "skipped" && board.phase("B") == "ready")
    #expect(board.memory.state0.phase.word == "paused")
    #expect(board.labels(1) == ["Abandoned"] && board.issues[0].draft.end == .notPlanned)
    #expect(board.labels(2) == ["Todo"], "the ledger is the truth: only its gate makes a step done")
    #expect(board.labels(3) == ["Todo"])
    #expect(try board.pull() == outcome(), "asked for once, done once")
  }

  @Test func `a label that is added beside the old one is a move as well, and so is a closed issue`() throws {
    let board = try MemoryBoard(["A", "B", "C"])
    try board.push()
    board.mark(1, "Abandoned")
    board.issues[1].draft.end = .notPlanned
    board.issues[2].draft.end = .completed
    #expect(try board.pull().taken.map(\.wish) == [.skip, .skip, .approve])
    #expect(board.phase("A") == "skipped" && board.phase("B") == "skipped")
    #expect(board.issues[2].draft.end == nil, "it is opened again")
    // What is skipped stays so.
    board.issues[0].draft.end = nil
    let again = try board.pull()
    #expect(again.taken.map(\.refusal) == ["there is nothing to retry"])
    #expect(board.issues[0].draft.end == .notPlanned)
  }

  @Test func `what people write below stays, and other labels too`() throws {
    let board = try MemoryBoard(["A"])
    try board.push()
    board.issues[0].draft.body += "\r\nAnn looks at it.\r\n<!-- /git-migrate-board -->\r\n"
    board.mark(1, "team/cart")
    board.mark(1, "migrate:skip")
    try board.pull()
    #expect(board.issues[0].draft.body.contains("Ann looks at it."))
    #expect(board.labels(1) == ["Abandoned", "team/cart"])
    let body = board.issues[0].draft.body
    try board.push()
    #expect(board.issues[0].draft.body == body)
  }

  @Test func `a card whose answer was lost is found again, and one that is there twice is closed`() throws {
    let board = try MemoryBoard(["A", "B"])
    board.lost = 1
    #expect(try board.push().left == ["mig/step/A"])
    #expect(try board.push() == outcome())
    #expect(board.issues.count == 2)
    board.issues.append(ForgeIssue(number: 3, url: nil, board.issues[0].draft))
    #expect(try board.push() == outcome(changed: 1))
    #expect(board.issues[2].draft.end == .notPlanned && board.issues[2].draft.body.contains("#1"))
    #expect(try board.push() == outcome())
  }

  @Test func `a forge that is asked too much is let alone, and the rest is done later`() throws {
    let board = try MemoryBoard(["A", "B", "C"])
    board.patience = 2
    let first = try board.push()
    #expect(first.opened == 2 && first.rest != nil && !first.isWhole)
    #expect(board.memory.ledger.forges.rest(of: "forge.test", at: board.now()) != nil)
    board.patience = 1000
    #expect(try board.push().opened == 1)
  }

  @Test func `nobody but a card's own mark makes one`() throws {
    let board = try MemoryBoard(["A"])
    let stray = IssueDraft(title: "x", body: "<!-- git-migrate-board nonsense", labels: ["migration:mig"])
    board.issues.append(ForgeIssue(number: 1, url: nil, stray))
    try board.push()
    #expect(board.issues.count == 2 && board.issues[0].draft == stray)
  }

  @Test func `columns have the plan's names`() throws {
    var policy = BoardPolicy()
    policy.words = [.todo: "Backlog", .abandoned: "Won't do"]
    let board = try MemoryBoard(["A"], policy: policy)
    try board.push()
    #expect(board.labels(1) == ["Backlog"])
    board.move(1, to: "Won't do")
    #expect(try board.pull().taken.map(\.words) == ["moved to 'Won't do'"])
    #expect(board.phase("A") == "skipped")
  }

  @Test func `a cause has a card, somebody may be at it, and that it is mended lets its steps try again`()
    throws
  {
    var policy = BoardPolicy()
    policy.subject = .cause
    let board = try MemoryBoard(["A", "B", "C"], policy: policy)
    for step in ["A", "B"] { try board.block(step, "cannot find libfoo") }
    #expect(try board.push() == outcome(opened: 1))
    #expect(board.issues[0].draft.body.contains("2 steps") && board.labels(1) == ["Todo"])
    board.move(1, to: "In Progress")
    try board.push()
    #expect(board.labels(1) == ["In Progress"], "that is theirs to say")
    #expect(try board.pull() == outcome())
    board.move(1, to: "Done")
    #expect(try board.pull().taken.map(\.refusal) == [nil])
    #expect(board.phase("A") == "ready" && board.phase("B") == "ready")
  }

  private func outcome(opened: Int = 0, changed: Int = 0) -> BoardOutcome {
    var outcome = BoardOutcome()
    (outcome.opened, outcome.changed) = (opened, changed)
    return outcome
  }
}
