import CanonicalJSON
import Migration
import Supervision
import System

/// Histories as files, for checkers that are not ours: `MIGRATE_HISTORY` names the folder.
///
/// `NAME.jsonl` has a line of JSON for each moment, in order, with the four kinds of Jepsen:
///
///     {"f":"claim","process":3,"time":81234567,"type":"invoke","value":{"holder":"p3-1"}}
///     {"f":"claim","process":3,"time":90234567,"type":"ok","value":{"epoch":1,"holder":"p3-1","step":"S2"}}
///     {"f":"release",…,"value":{"epoch":1,"step":"S2"}}        fail: somebody else has it
///     {"f":"read",…,"type":"ok","value":{"sequence":17}}        so many entries are in the ledger
///
/// `time` is in nanoseconds of one clock. `info`, or an invocation without an end, may have happened and may
/// still happen. What they describe: a step is free or held in an epoch; a claim takes a free step and raises
/// its epoch by one; a release frees it, if it is held in that epoch; each of them is one entry. A claim that
/// names no step may fail at any time. `NAME.ledger.jsonl` has the entries that the ledger had in the end,
/// which is the order that ours is checked against:
///
///     {"epoch":1,"f":"claim","holder":"p3-1","nonce":"…","sequence":17,"step":"S2"}
extension History {
  /// Writes it, if somebody wants it.
  func export(as name: String, endingIn entries: [Recorded]) throws {
    guard let folder = ChildEnvironment.current()["MIGRATE_HISTORY"], !folder.isEmpty else { return }
    try Files.makeDirectories(folder)
    try History.write(moments.map(\.json), to: "\(folder)/\(name).jsonl")
    try History.write(entries.map(\.json), to: "\(folder)/\(name).ledger.jsonl")
  }

  private static func write(_ lines: [JSON], to path: String) throws {
    try Files.writeAtomically(path, lines.flatMap { $0.canonicalBytes + [0x0A] })
  }
}

extension History.Moment {
  var json: JSON {
    .object([
      JSON.Member("f", .string(operation.word)), JSON.Member("process", .integer(Int64(client))),
      JSON.Member("time", .integer(Int64(clamping: nanoseconds))), JSON.Member("type", .string(kind.word)),
      JSON.Member("value", .object(operation.members + kind.members)),
    ])
  }
}

extension Recorded {
  var json: JSON {
    let known = (operation?.members ?? []).map(\.key)
    return .object(
      [JSON.Member("sequence", .integer(Int64(sequence))), JSON.Member("nonce", .string(nonce))]
        + [JSON.Member("f", operation.map { .string($0.word) } ?? .null)] + (operation?.members ?? [])
        + (fence?.members ?? []).filter { !known.contains($0.key) })
  }
}

extension History.Operation {
  fileprivate var word: String {
    switch self {
    case .claim: "claim"
    case .release: "release"
    case .read: "read"
    }
  }

  fileprivate var members: [JSON.Member] {
    switch self {
    case .claim(let holder): [JSON.Member("holder", .string(holder))]
    case .release(let step, let epoch): Fence(step: step, epoch: epoch).members
    case .read: []
    }
  }
}

extension History.Kind {
  fileprivate var word: String {
    switch self {
    case .invoke: "invoke"
    case .ok: "ok"
    case .fail: "fail"
    case .info: "info"
    }
  }

  fileprivate var members: [JSON.Member] {
    switch self {
    case .ok(.claimed(let fence, _)): fence.members
    case .ok(.sequence(let sequence)): [JSON.Member("sequence", .integer(Int64(sequence)))]
    case .ok(.nothing), .invoke, .fail, .info: []
    }
  }
}

extension Fence {
  fileprivate var members: [JSON.Member] {
    [JSON.Member("step", .string(step)), JSON.Member("epoch", .integer(Int64(epoch)))]
  }
}
