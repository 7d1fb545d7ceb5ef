import CanonicalJSON

extension Plan {
  /// What the commits say that steps are merged as.
  public struct Commit: Equatable, Sendable {
    /// What stands below the title.
    public var body: Body
    /// Which lines at its end say where it comes from, in this order.
    public var trailers: [Trailer]

    /// Makes commit settings.
    public init(body: Body = .template, trailers: [Trailer] = [.step]) {
      self.body = body
      self.trailers = trailers
    }

    /// The bodies of commits.
    public enum Body: String, Sendable, CaseIterable {
      /// Nothing but the trailers.
      case template
      /// The messages of the commits that the worker made itself.
      case worker
    }

    /// The trailers of commits.
    public enum Trailer: String, Sendable, CaseIterable {
      /// `Migrate-Step` and `Migrate-Epoch`.
      case step
      /// `Migrate-Plan`: the SHA-256 of the plan file.
      case plan
      /// `Migrate-Agent`: the adapter of the agent, or the worker's name.
      case agent
      /// `Migrate-Cost`: what agents used on the step.
      case cost
    }

    var json: JSON {
      var object = ObjectBuilder()
      object.set("body", body.rawValue)
      object.set("trailers", .array(trailers.map { .string($0.rawValue) }))
      return object.json
    }

    init(json: JSON) throws(JSONFault) {
      var reader = try ObjectReader(json, "'commit'")
      let word = try reader.string("body")
      guard let body = Body(rawValue: word) else { throw JSONFault("no body of commits is called '\(word)'") }
      var trailers: [Trailer] = []
      for item in try reader.array("trailers") {
        guard case .string(let word) = item, let trailer = Trailer(rawValue: word) else {
          throw JSONFault("'trailers' of the plan holds what is no trailer")
        }
        trailers.append(trailer)
      }
      self.init(body: body, trailers: trailers)
      try reader.end()
    }
  }
}
