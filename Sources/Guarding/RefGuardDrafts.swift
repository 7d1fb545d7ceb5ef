import Git
import Ledger

extension RefGuard {
  /// Entries that are left for others to take along: a few, in a form that any reader reads, behind a tip
  /// that the ledger has or had. Whether they are legal is asked when they come into it.
  func checkDraft(_ ref: String, _ new: OID) throws(RefObjection) {
    do throws(LedgerError) {
      if let reason = try ledger.draftFault(ref, new) {
        throw LedgerError.damaged(commit: new, reason: reason)
      }
    } catch {
      throw RefObjection(
        ref, "'\(new.short)' cannot be left there: \(error.description)",
        hint: "let git-migrate write the entries; 'git config migrate.combine false' leaves nothing there")
    }
  }
}
