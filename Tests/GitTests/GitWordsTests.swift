import Git
import Testing

/// What git and ssh were seen to say when another repository could not be read.
@Suite("What tells why git gave up")
struct GitWordsTests {
  private static let rights = """
    fatal: Could not read from remote repository.

    Please make sure you have the correct access rights
    and the repository exists.

    """

  private static let seen: [(text: String, reason: String)] = [
    (
      "git@forge.example: Permission denied (publickey).\r\n\(rights)",
      "git@forge.example: Permission denied (publickey)."
    ),
    (
      "Warning: Permanently added 'x' (ED25519).\r\nHost key verification failed.\r\n\(rights)",
      "Host key verification failed."
    ),
    ("remote: ERROR: no such project\n\(rights)", "remote: ERROR: no such project"),
    (
      """
      fatal: detected dubious ownership in repository at '/srv/x.git'
      To add an exception, call:

      \tgit config --global --add safe.directory /srv/x.git
      \(rights)
      """, "detected dubious ownership in repository at '/srv/x.git'"
    ),
    (
      """
      error: RPC failed; curl 56 GnuTLS recv error (-54)
      fatal: early EOF
      fatal: fetch-pack: invalid index-pack output
      """, "RPC failed; curl 56 GnuTLS recv error (-54)"
    ),
    (rights, "Could not read from remote repository."),
    (
      "warning: a\nfatal: repository 'https://forge.example/x' not found\n",
      "repository 'https://forge.example/x' not found"
    ),
    ("something\n\n", "something"),
  ]

  @Test(arguments: seen)
  func `the line that says most is told, not the one that git always adds`(_ text: String, _ reason: String) {
    #expect(GitWords.reason(in: text) == reason)
  }

  @Test func `nothing is made of nothing`() {
    #expect(GitWords.reason(in: " \n\n") == nil)
  }
}
