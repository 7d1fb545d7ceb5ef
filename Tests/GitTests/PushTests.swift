import Testing

@testable import Git

/// What git says about a push, as it was seen to say it (PITFALLS F3).
@Suite("The outcome of a push")
struct PushTests {
  private let ref = "refs/migrate/ledger"

  @Test(
    "lost races are known in each form that git has for them",
    arguments: [
      ("!\tabc:refs/migrate/ledger\t[rejected] (stale info)", ""),
      ("!\tabc:refs/migrate/ledger\t[rejected] (fetch first)", ""),
      ("!\tabc:refs/migrate/ledger\t[remote rejected] (failed to update ref)", ""),
      ("!\tabc:refs/migrate/ledger\t[remote rejected] (reference already exists)", ""),
      (
        "!\tabc:refs/migrate/ledger\t[remote rejected] (atomic transaction failed)",
        "remote: error: cannot lock ref 'refs/migrate/ledger': is at 1 but expected 2"
      ),
      (
        "!\tabc:refs/migrate/ledger\t[remote rejected] (failed to update ref)",
        "remote: error: cannot lock ref 'refs/migrate/ledger': Unable to create '/s/l.lock': File exists."
      ),
    ])
  func forms(_ line: String, _ errors: String) {
    let output = GitProgram.Output(
      status: 1, stdout: Array("To x\n\(line)\nDone\n".utf8), stderr: Array(errors.utf8))
    #expect(GitProgram.pushOutcome(output, [ref]) == .lost([ref]))
  }

  @Test(
    "what keeps a ref from being locked for good is no lost race",
    arguments: [
      "'refs/migrate' exists; cannot create 'refs/migrate/ledger'",
      "Unable to create '/s.git/refs/migrate/ledger.lock': Permission denied",
      "Unable to create '/s.git/refs/migrate/ledger.lock': No space left on device",
    ])
  func lasting(_ words: String) {
    let remark = "error: cannot lock ref '\(ref)': \(words)"
    let output = GitProgram.Output(
      status: 1,
      stdout: Array("!\tabc:refs/migrate/ledger\t[remote rejected] (failed to update ref)\nDone\n".utf8),
      stderr: Array("remote: \(remark)        \n".utf8))
    #expect(GitProgram.pushOutcome(output, [ref]) == .rejected(remark))
  }

  @Test("a hook's refusal is no lost race, and a cut connection is neither")
  func otherForms() {
    let declined = GitProgram.Output(
      status: 1,
      stdout: Array("!\tabc:refs/migrate/ledger\t[remote rejected] (pre-receive hook declined)\n".utf8),
      stderr: Array("remote: fatal: not legal        \n".utf8))
    #expect(GitProgram.pushOutcome(declined, [ref]) == .rejected("fatal: not legal"))
    let gitolite = "FATAL: W refs/migrate/ledger repo ann DENIED by refs/migrate/"
    let denied = GitProgram.Output(
      status: 1, stdout: Array("!\tabc:refs/migrate/ledger\t[remote rejected] (hook declined)\n".utf8),
      stderr: Array(
        """
        remote: \(gitolite)        
        remote: error: hook declined to update refs/migrate/ledger        

        """.utf8))
    #expect(GitProgram.pushOutcome(denied, [ref]) == .rejected(gitolite), "the reason, not that there is one")
    let cut = GitProgram.Output(
      status: 128, stdout: [], stderr: Array("fatal: the remote end hung up unexpectedly\n".utf8))
    #expect(
      GitProgram.pushOutcome(cut, [ref]) == .unknown("the remote end hung up unexpectedly"))
    // It went away, or broke down, before it had looked at what was sent.
    for (summary, errors) in [
      ("[remote failure] (remote failed to report status)", ""),
      (
        "[remote rejected] (unpacker error)",
        "error: remote unpack failed: unable to create temporary object directory"
      ), ("[remote rejected] (unable to migrate objects to permanent storage)", ""),
    ] {
      let gone = GitProgram.Output(
        status: 1, stdout: Array("!\tabc:refs/migrate/ledger\t\(summary)\n".utf8), stderr: Array(errors.utf8))
      guard case .unknown = GitProgram.pushOutcome(gone, [ref]) else {
        Issue.record("\(summary) is no answer")
        continue
      }
    }
    let silent = GitProgram.Output(status: 0, stdout: Array("Done\n".utf8), stderr: [])
    #expect(
      GitProgram.pushOutcome(silent, [ref]) == .unknown("git push ended with 0"), "no line, no win")
  }
}
