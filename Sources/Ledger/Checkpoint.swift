import Git
import Migration

/// The folded state, written beside some entries so that reading never folds the whole chain (DESIGN §2).
enum Checkpoint {
  static let path = "checkpoint.json"
  static let statusPath = "STATUS.md"

  /// Every how many entries a checkpoint is written.
  static let interval = 128

  static func bytes(_ state: State, sequence: Int) -> [UInt8] {
    JSON.object([
      JSON.Member("seq", .integer(Int64(sequence))), JSON.Member("state", state.json),
    ]).canonicalBytes
  }

  /// The page for people beside it; the same wherever it is written.
  static func status(_ state: State, after entry: Entry) -> [UInt8] {
    let report = StatusReport(state, sequence: entry.sequence, now: entry.event.at, only: nil)
    return Array(report.markdown(atCheckpoint: true).utf8)
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
