extension GitProgram {
  /// The files that git reads settings from, included ones too, lowest precedence first; whether each is the
  /// repository's own or included by one.
  func configurationFiles() throws(GitError) -> [(path: String, isRepositorys: Bool)] {
    let output = try require(
      start(
        ["config", "--null", "--show-scope", "--show-origin", "--list"], input: nil, workTree: nil,
        settings: [], extra: [:]), "read the configuration of", gitDirectory)
    var fields = output.stdout.split(separator: 0, omittingEmptySubsequences: false)[...]
    var result: [(path: String, isRepositorys: Bool)] = []
    while let scope = fields.popFirst(), let origin = fields.popFirst(), fields.popFirst() != nil {
      let place = PathText.string(origin)
      guard place.hasPrefix("file:") else { continue }
      let written = String(place.dropFirst("file:".count))
      let path = written.hasPrefix("/") ? written : gitDirectory + "/" + written
      guard !result.contains(where: { $0.path == path }) else { continue }
      let isUsers = ["system", "global"].contains(String(decoding: scope, as: UTF8.self))
      result.append((path, !isUsers))
    }
    return result
  }
}
