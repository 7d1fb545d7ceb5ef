import CanonicalJSON

extension MigrationPhase {
  init(items: [JSON]) throws(JSONFault) {
    switch items {
    case [.string("running")]: self = .running
    default:
      guard items.count == 2, case .string(let word) = items[0], case .string(let text) = items[1] else {
        throw JSONFault("a migration's phase is damaged")
      }
      switch word {
      case "paused": self = .paused(reason: text)
      case "aborted": self = .aborted(reason: text)
      case "finished":
        guard let result = ObjectID(text) else { throw JSONFault("a migration's result is damaged") }
        self = .finished(result: result)
      default: throw JSONFault("no phase of a migration is called '\(word)'")
      }
    }
  }
}
