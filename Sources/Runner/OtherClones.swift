import Git
import Ledger
import Migration
import Site

/// What other clones have recorded, looked at now and then while something is waited for here: by runs and by
/// commands.
struct OtherClones {
  /// When the remote was asked last.
  private var lastLook: Timestamp?
  /// The shortest time between two looks.
  private static let seconds = 2

  /// Brings it here, unless there is no remote or the last look was a moment ago, and does what follows from
  /// it. Says whether there is something beyond `tip`, where the ledger ended here.
  mutating func haveRecorded(beyond tip: OID?, _ interpreter: Interpreter) throws(CommandError) -> Bool {
    let site = interpreter.site
    guard site.hasRemote else { return false }
    let now = site.clock.now()
    if let last = lastLook, now >= last, now < last.adding(seconds: Self.seconds) { return false }
    lastLook = now
    try interpreter.synchronize()
    return try site.snapshot().tip != tip
  }
}
