import CanonicalJSON

extension Workflow {
  /// The stages in their order, each with its words in theirs.
  var json: JSON { .array(stages.map(\.json)) }

  init(name: String, json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count <= Workflow.mostStages else {
      throw JSONFault("a workflow is no list of stages")
    }
    self.init(name: name, stages: [])
    for item in items { stages.append(try Stage(json: item)) }
  }
}

extension Workflow.Stage {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("name", name)
    object.set("agent", agent)
    object.set("prompt", prompt)
    if !writes { object.set("reads", true) }
    object.set("on", on.flatMap { [$0.word, $0.target.word] })
    object.set("rounds", rounds)
    object.set("resume", resume)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a stage")
    self.init(
      name: try reader.string("name"), agent: try reader.optionalString("agent"),
      prompt: try reader.optionalString("prompt"), writes: try !reader.flag("reads"), on: [],
      rounds: try reader.optionalInteger("rounds"), resume: try reader.optionalString("resume"))
    let words = try reader.strings("on")
    guard words.count.isMultiple(of: 2) else { throw JSONFault("'on' of a stage is no list of pairs") }
    for index in stride(from: 0, to: words.count, by: 2) {
      on.append(Workflow.Answer(words[index], Workflow.Target(words[index + 1])))
    }
    try reader.end()
  }
}

extension Plan.Gate.Judge {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("agent", agent)
    object.set("prompt", prompt)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the gate's judge")
    self.init(agent: try reader.optionalString("agent"), prompt: try reader.string("prompt"))
    try reader.end()
  }
}
