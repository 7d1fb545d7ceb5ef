import Ledger
import Migration
import Runner
import Site

/// Takes away the worktrees that nobody needs any more.
struct Cleaning {
  let context: Context

  init(_ context: Context) { self.context = context }

  /// Removes every free slot; what cannot be removed is said and left.
  func removeSlots() throws(CommandError) {
    let site = try context.site()
    guard (try? site.mainDirectory()) != nil else { return }
    Slots(site: site).removeLeftCaches()
    let state = try reporting { try site.ledger.read() }.state
    guard state.migrations.allSatisfy(\.phase.isTerminal) else { return }
    do throws(CommandError) {
      for kept in try Slots(site: site).removeAll(in: state) { context.warn("kept the worktree \(kept)") }
    } catch {
      context.warn("worktrees could not be removed: \(error.message)", hint: error.hint)
    }
  }
}
