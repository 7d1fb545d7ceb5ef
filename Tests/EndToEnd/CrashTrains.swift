import Support
import System

/// What is cut off while several steps land by one move of the branch: all of them are there in the end, or
/// none, whatever happened in between.
extension CrashOperation {
  private static let ids = ["S1", "S2", "S3"]
  private static let threeSteps = ids.map { "  - { id: \($0), prompt: do }" }.joined(separator: "\n")

  static let trains: [CrashOperation] = [
    CrashOperation(
      name: "train", steps: threeSteps, prepare: { try $0.handInAll() }, arguments: ["run", "--quiet"],
      remedy: { try $0.handInAll() }, end: { try $0.landed() }, wanted: "merged merged merged 3"),
    CrashOperation(
      name: "push a train", steps: threeSteps,
      prepare: { world in
        try world.share()
        try world.handInAll()
      }, arguments: ["run", "--quiet"],
      remedy: { world in
        try world.mendHub()
        try world.handInAll()
      }, end: { "\(try $0.landed()) \(try $0.isAsHub())" }, wanted: "merged merged merged 3 true"),
  ]
}

extension MigrationWorld {
  /// Has each step that is not merged write a file of its own and wait for the gate.
  fileprivate func handInAll() throws {
    for (id, state) in try states().sorted(by: { $0.key < $1.key }) where state != "merged" {
      if state == "blocked" || state == "backoff" { _ = try migrate("retry", id) }
      guard try migrate("claim", id).code == 0 else { continue }
      try Files.writeAtomically(slot(1) + "/\(id).txt", Array("\(id)\n".utf8))
      _ = try migrate("submit", "--no-wait", in: slot(1))
    }
  }

  /// Where the steps are, and how many commits the branch has got.
  fileprivate func landed() throws -> String {
    let states = try states().sorted { $0.key < $1.key }.map(\.value)
    return "\(states.joined(separator: " ")) \(try merged().count)"
  }
}
