import CanonicalJSON
import Git
import Migration

/// The folded state, written beside some entries so that reading never folds the whole chain (DESIGN §2).
enum Checkpoint {
  static let path = "checkpoint.json"
  static let statusPath = "STATUS.md"

  /// Every how many entries a checkpoint is written.
  static let interval = 128

  /// Whether an entry brings one; `isFirst` says that no entry before it has. One with a plan does, so that
  /// all who look at a new migration see it at once; but not each of thousands of targets that are begun
  /// together, whose checkpoints would be longer and longer.
  static func isDue(_ entry: Entry, isFirst: Bool) -> Bool {
    if isFirst || entry.sequence % interval == 0 { return true }
    return entry.event.change.plan.map { $0.fleet == nil } ?? false
  }

  /// Reads a checkpoint: the number of the entry it stands after, and the state there.
  static func read(
    _ bytes: [UInt8], plan: (String, Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) -> (sequence: Int, state: State) {
    let json = try JSON.parse(bytes)
    guard case .integer(let sequence)? = json["seq"], let state = json["state"] else {
      throw JSONFault("the checkpoint has no 'seq' or no 'state'")
    }
    return (Int(sequence), try State(json: state, plan: plan))
  }
}
