import Glibc
import Testing

@testable import Migration
@testable import Plans

@Suite("Branch names")
struct BranchNames {
  static let names = [
    "main", "migrate/x", "a/b/c", "a.b", "a-b", "ü", "", "-x", "@x", "x@", "a@{b", "HEAD", "a..b", ".a",
    "a/.b",
    "a.", "a/", "/a", "a//b", "a.lock", "a.lock/b", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b",
    "a\tb",
    "a\u{7F}b", "a\nb", ".\u{301}a", "a.\u{301}.b", "{}", "a'b", "a\"b", "$(x)",
  ]

  @Test("are judged as git judges them", arguments: names)
  func likeGit(name: String) {
    #expect((BranchName.fault(name) == nil) == git(accepts: name), "\(name)")
  }

  @Test("stricter than git: no full ref names, nothing that turns text around")
  func stricter() {
    #expect(BranchName.fault("refs/heads/main") == "must be the short name, without 'refs/heads/'")
    #expect(BranchName.fault("@") == "is reserved by git")
    #expect(BranchName.fault("a\u{202E}b") == "must not hold spaces or control characters")
    for name in ["\u{301}x", "a/\u{301}x"] {
      #expect(BranchName.fault(name) == "must not have a part that starts with a combining mark")
    }
    #expect(BranchName.fault(String(repeating: "a", count: 201)) == "is longer than 200 bytes")
  }

  private func git(accepts name: String) -> Bool {
    if name == "HEAD" { return false }
    return system("git check-ref-format --branch \(ShellQuote.word(name)) >/dev/null 2>&1") == 0
  }
}
