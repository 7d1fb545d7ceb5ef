import Git
import Migration
import System

/// Where entries are written before any ref points to them: a seam.
package protocol EntryWriter {
  /// Decides one proposal on what a sketch has so far, and writes its entry; gives the refusal when there is
  /// one, and the sketch is as it was.
  func extend(
    _ sketch: inout DraftSketch, by proposal: Proposal, at: Timestamp, _ author: String
  ) throws(LedgerError) -> Refusal?
  /// Writes the entries of many proposals, of which `body` makes a draft, so that they become durable
  /// together.
  func together(
    _ count: Int, _ body: () throws(LedgerError) -> DraftOutcome
  ) throws(LedgerError) -> DraftOutcome
}

extension EntryWriter {
  /// Decides each proposal on what the one before it left, and writes the entries. Moves no ref.
  func draft(
    _ proposals: [Proposal], on seen: LedgerSnapshot, at: Timestamp, by author: String
  ) throws(LedgerError) -> DraftOutcome {
    try together(proposals.count) { () throws(LedgerError) in
      var sketch = DraftSketch(snapshot: seen)
      for proposal in proposals {
        if let refusal = try extend(&sketch, by: proposal, at: at, author) { return .refused(refusal) }
      }
      guard let draft = sketch.draft else { return .refused(Refusal(.invalid, "there is nothing to record")) }
      return .ready(draft)
    }
  }
}

/// A chain of entries with one ref at its end: the seam below the loop of an append.
package protocol EntryStore: EntryWriter {
  /// The writer's clock.
  var clock: any WallClock { get }
  /// The state at the tip.
  func read() throws(LedgerError) -> LedgerSnapshot
  /// Moves the ref to the end of a draft, provided that it is where `seen` ends. A store in which others may
  /// bring a draft into the chain gives it as it is there.
  func swap(to draft: inout Draft, from seen: LedgerSnapshot) throws(LedgerError) -> SwapOutcome
  /// Whether there is more than `seen` by now, asked before "no" is said: what we know may be old.
  func hasGrown(beyond seen: LedgerSnapshot) throws(LedgerError) -> Bool
  /// Whether it is worth another try after so many errors, the last of them that the ref's lock was held.
  func canWait(afterErrors errors: Int) throws(LedgerError) -> Bool
  /// Whether a draft is in the chain that grew since `seen`.
  func contains(_ draft: Draft, after seen: LedgerSnapshot) throws(LedgerError) -> Bool
  /// Takes note that a draft is in the ledger.
  func win(_ draft: Draft) -> AppendOutcome
  /// What to say of an error after which a draft is not in the chain.
  func cause(of error: GitError, _ draft: Draft) -> GitError
}

/// One append: read, decide, write, swap, and again when somebody was faster.
package struct Append<Store: EntryStore> {
  private let store: Store
  private let author: String

  /// Makes an append to `store`.
  package init(store: Store, author: String) {
    self.store = store
    self.author = author
  }

  /// Tries until it is won, refused, or hopeless.
  package func run(
    _ propose: (LedgerSnapshot, Timestamp) throws(Refusal) -> [Proposal]
  ) throws(LedgerError) -> AppendOutcome {
    var errors = 0
    while true {
      let seen = try store.read()
      let at = max(store.clock.now(), seen.state.at)
      let proposals: [Proposal]
      do throws(Refusal) {
        proposals = try propose(seen, at)
      } catch {
        if try store.hasGrown(beyond: seen) { continue }
        return .refused(error)
      }
      if proposals.isEmpty {
        if try store.hasGrown(beyond: seen) { continue }
        return .nothing(seen)
      }
      var draft: Draft
      switch try store.draft(proposals, on: seen, at: at, by: author) {
      case .refused(let refusal):
        if try store.hasGrown(beyond: seen) { continue }
        return .refused(refusal)
      case .ready(let made): draft = made
      }
      switch try store.swap(to: &draft, from: seen) {
      case .won: return store.win(draft)
      case .lost: continue
      case .busy(let error):
        errors += 1
        if try !store.canWait(afterErrors: errors) { throw .busy(error) }
      case .unknown(let error):
        if try store.contains(draft, after: seen) { return store.win(draft) }
        errors += 1
        if errors >= Tries.afterErrors { throw .notWritten(store.cause(of: error, draft)) }
      }
    }
  }
}

/// How often something is tried.
enum Tries {
  /// How often an append that got an open outcome is tried again before it is given up.
  static let afterErrors = 3
  /// How often, when the ref's lock was left by nobody that is there; each try waits about a second.
  static let forLeftLock = 75
}
