import Migration
import Site

/// What follows from entries that are in the ledger and is not performed yet.
///
/// Nothing accepted may be dropped, and the type sees to it: it cannot be copied, nobody can look into it,
/// and whoever has it either performs it or says that it is left. To ignore one does not build without a
/// warning; to lose one on the way, as an error thrown in between does, stops a build with assertions.
package struct Due: ~Copyable {
  private var effects: [Effect]

  /// Takes over what follows from an append.
  init(_ effects: [Effect]) { self.effects = effects }

  deinit { assert(effects.isEmpty, "what followed from an entry was dropped: \(effects)") }

  /// Performs all of it; what cannot be performed is thrown in the end.
  package consuming func perform(_ interpreter: Interpreter) throws(CommandError) {
    try interpreter.perform(take())
  }

  /// Leaves it to a later command, which finds what is open in the ledger: for who was asked to record, and
  /// no more, or who died in between.
  package consuming func leave() { _ = take() }

  private consuming func take() -> [Effect] {
    let taken = effects
    effects = []
    return taken
  }
}

/// What came of an append, and what is due because of it.
package struct Appended<Value>: ~Copyable {
  /// What came of it.
  package let recorded: Recorded<Value>
  private let due: Due

  init(_ recorded: Recorded<Value>, due: consuming Due) {
    self.recorded = recorded
    self.due = due
  }

  /// Performs what is due, and says what came of it.
  @discardableResult
  package consuming func perform(_ interpreter: Interpreter) throws(CommandError) -> Recorded<Value> {
    let recorded = recorded
    try due.perform(interpreter)
    return recorded
  }

  /// Leaves what is due to a later command; see `Due.leave`.
  package consuming func leave() -> Recorded<Value> {
    let recorded = recorded
    due.leave()
    return recorded
  }

  /// What is due, for who cannot perform it yet.
  consuming func takeDue() -> Due { due }
}
