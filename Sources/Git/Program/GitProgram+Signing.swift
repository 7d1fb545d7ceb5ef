extension GitProgram {
  /// How long a signing program may take, in seconds: one that takes longer waits for somebody.
  public static let signingSeconds = 10

  /// Whether git itself would sign the commits that it makes here (`commit.gpgSign`). Throws for a value that
  /// is no boolean.
  public func signsCommits() throws(GitError) -> Bool {
    let output = try start(
      ["config", "--type=bool", "--get", "commit.gpgsign"], input: nil, workTree: nil, settings: [],
      extra: [:])
    guard output.status <= 1 else {
      throw GitError(message: output.errorText, operation: "read", subject: "commit.gpgSign")
    }
    return output.text == "true"
  }

  /// Makes a commit that is signed as the user's configuration says (`user.signingKey`, `gpg.format`, …). No
  /// ref moves.
  ///
  /// Nobody is asked for anything. Throws, in the words of the signing program, when it does not sign, or
  /// takes longer than these seconds.
  public func signedCommit(
    tree: OID, parents: [OID], message: String, identity: Identity,
    withinSeconds seconds: Int = signingSeconds
  ) throws(GitError) -> OID {
    var variables: [String: String] = [
      "SSH_ASKPASS_REQUIRE": "force", "GPG_TTY": "",
    ]
    for (role, person) in [("AUTHOR", identity.author), ("COMMITTER", identity.committer)] {
      variables["GIT_\(role)_NAME"] = person.name
      variables["GIT_\(role)_EMAIL"] = person.email
      variables["GIT_\(role)_DATE"] = "@\(person.seconds) \(GitProgram.zone(person.offsetMinutes))"
    }
    var program = self
    program.timeoutSeconds = seconds
    let output = try program.run(
      ["commit-tree", "-S", tree.hex] + parents.flatMap { ["-p", $0.hex] }, input: Array(message.utf8),
      extra: variables)
    guard output.isSuccess, let commit = OID(output.text) else {
      throw GitError(
        message: GitProgram.reason(ofUnsigned: output, after: seconds), operation: "sign a commit in",
        subject: gitDirectory,
        hint: "see that 'git commit -S' signs here without asking (an agent that knows the passphrase), or "
          + "sign nothing with 'git config commit.gpgSign false'")
    }
    return commit
  }

  private static func reason(ofUnsigned output: Output, after seconds: Int) -> String {
    if output.status == 128 + 9 {
      return "the signing program was not done after \(seconds) s; it may be asking somebody"
    }
    let lines = output.errorText.split(whereSeparator: \.isNewline)
    // git 2.39 keeps the words of GnuPG to itself, and adds its own to those of ssh.
    let telling = lines.first { !$0.hasPrefix("fatal: ") } ?? lines.first
    guard let telling else { return "git ended with \(output.status)" }
    return String(telling.hasPrefix("error: ") ? telling.dropFirst("error: ".count) : telling)
  }
}
