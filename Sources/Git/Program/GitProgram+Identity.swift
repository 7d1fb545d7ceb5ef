extension GitProgram {
  /// Who a commit is by: who wrote the change, and who makes the commit.
  public struct Identity: Equatable, Sendable {
    /// The author, without a time.
    public var author: Signature
    /// The committer, without a time.
    public var committer: Signature

    /// Makes an identity.
    public init(author: Signature, committer: Signature) {
      self.author = author
      self.committer = committer
    }

    /// The same at a time, in seconds since the Unix epoch.
    public func at(_ seconds: Int64) -> Identity {
      var result = self
      result.author.seconds = seconds
      result.committer.seconds = seconds
      return result
    }
  }

  /// Who git would say a commit is by here: `GIT_AUTHOR_NAME` and its like, `git -c`, and `user.*`,
  /// `author.*` and `committer.*` with every kind of `includeIf`, of which libgit2 1.5 does not know all.
  ///
  /// Throws, in git's words, when no address is given: git would make one of the name of the machine, and
  /// nothing that is published is to bear it.
  public func committingIdentity() throws(GitError) -> Identity {
    Identity(author: try identity(of: "AUTHOR"), committer: try identity(of: "COMMITTER"))
  }

  private func identity(of role: String) throws(GitError) -> Signature {
    let variables = environment.filter {
      $0.key == "GIT_\(role)_NAME" || $0.key == "GIT_\(role)_EMAIL"
    }
    func ask(_ settings: [ConfigEntry]) throws(GitError) -> Output {
      try start(
        ["var", "GIT_\(role)_IDENT"], input: nil, workTree: nil, settings: settings, extra: variables)
    }
    // By `EMAIL` an address is given, which this setting would not count.
    let isGiven = environment["EMAIL"]?.isEmpty == false
    var output = try ask(isGiven ? [] : [ConfigEntry(key: "user.useConfigOnly", value: "true")])
    // The name of the account will do for a name, as it does for git; the address comes first.
    if !output.isSuccess && output.errorText.contains("no name was given") { output = try ask([]) }
    guard output.isSuccess, let found = GitProgram.signature(output.text) else {
      let said = output.errorText.split(separator: "\n").last { $0.hasPrefix("fatal: ") }
      throw GitError(
        message: said.map { String($0.dropFirst("fatal: ".count)) } ?? "git gave no identity",
        operation: "tell who commits are by in", subject: gitDirectory,
        hint: "tell git who you are: git config --global user.email \"you@example.com\"; "
          + "git config --global user.name \"Your Name\"")
    }
    return found
  }

  /// What was said on the command line (`git -c user.email=…`, `GIT_CONFIG_COUNT`) of who commits are by, and
  /// nothing else that was said there, as variables for a program that commits in the user's name.
  public static func identitySettings(_ environment: [String: String]) -> [String: String] {
    let said = ((try? CommandLineConfig.entries(environment: environment)) ?? []).filter {
      ["user", "author", "committer"].contains($0.key.prefix { $0 != "." })
        && ($0.key.hasSuffix(".name") || $0.key.hasSuffix(".email"))
    }
    guard !said.isEmpty else { return [:] }
    var result = ["GIT_CONFIG_COUNT": "\(said.count)"]
    for (number, entry) in said.enumerated() {
      result["GIT_CONFIG_KEY_\(number)"] = entry.key
      result["GIT_CONFIG_VALUE_\(number)"] = entry.value ?? ""
    }
    return result
  }

  /// Reads `Name <address> 1112911993 +0200`.
  static func signature(_ text: String) -> Signature? {
    guard let open = text.lastIndex(of: "<"), let close = text.lastIndex(of: ">"), open < close else {
      return nil
    }
    let words = text[text.index(after: close)...].split(separator: " ")
    let zone = words.last.flatMap { Int($0) } ?? 0
    let email = String(text[text.index(after: open)..<close])
    guard !email.isEmpty else { return nil }
    var name = text[..<open]
    while name.last == " " { name.removeLast() }
    return Signature(
      name: String(name), email: email, seconds: 0, offsetMinutes: zone / 100 * 60 + zone % 100)
  }
}
