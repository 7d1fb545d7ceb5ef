import Ledger
import Migration
import Runner

@testable import Simulation

/// Whoever watches a simulated run, and keeps what it is told.
final class Listener: RunObserver {
  private let world: World
  /// What was said, in order.
  private(set) var warnings: [String] = []
  /// When each was said, in milliseconds of the world.
  private(set) var times: [Int64] = []

  init(_ world: World) { self.world = world }

  func ledgerGrew(_ snapshot: LedgerSnapshot, sentences: [LedgerSentence]) {}
  func noticed(_ signal: Int32) {}
  func tick() {}
  func warn(_ text: String, of migration: String) { warn(text) }
  func warn(_ text: String) {
    warnings.append(text)
    times.append(world.now)
  }
}
