import Testing

@testable import Ledger

/// What comes after each push of a draft, without git.
@Suite struct PushCourseTests {
  private let ledger = [Ledger.ref]
  private let branch = ["refs/heads/migrate/x"]

  private func steps(_ answers: PushCourse.Answer...) -> [PushCourse.Step] {
    var course = PushCourse()
    return answers.map { course.next(after: $0) }
  }

  @Test func `whoever was slower decides anew`() {
    #expect(steps(.lost(ledger, .moved)) == [.lost])
    #expect(steps(.cutOff("gone", .moved)) == [.lost])
  }

  @Test func `what has arrived is shared, whatever was said of it`() {
    #expect(steps(.lost(ledger, .arrived)) == [.shared])
    #expect(steps(.cutOff("gone", .arrived)) == [.shared])
    #expect(steps(.cutOff("gone", .unmoved), .lost(ledger, .arrived)) == [.push(pause: 0), .shared])
  }

  @Test func `a no is a no, unless an earlier push may still arrive`() {
    #expect(steps(.rejected("read-only")) == [.rejected("read-only")])
    #expect(
      steps(.cutOff("gone", .unmoved), .rejected("read-only")) == [.push(pause: 0), .waitOpen("gone")])
  }

  @Test func `a push that was cut off is tried again, the same, and then it waits`() {
    let cut = PushCourse.Answer.cutOff("gone", .unmoved)
    #expect(steps(cut, cut, cut) == [.push(pause: 0), .push(pause: 0), .waitOpen("gone")])
    #expect(steps(.cutOff("gone", .unreachable)) == [.waitOpen("gone")])
    #expect(steps(cut, .cutOff("away", .unreachable)) == [.push(pause: 0), .waitOpen("away")])
  }

  @Test func `one that is open waits openly, whatever comes after`() {
    let cut = PushCourse.Answer.cutOff("gone", .unmoved)
    #expect(steps(cut, .lost(ledger, .unreachable)) == [.push(pause: 0), .waitOpen("gone")])
    #expect(
      steps(cut, .lost(branch, .unmoved), .lost(branch, .unmoved))
        == [.push(pause: 0), .push(pause: 0), .waitOpen("gone")], "the branch may have come with it")
  }

  @Test func `a server that is away before anything was sent is waited for`() {
    #expect(
      steps(.lost(ledger, .unreachable)) == [.wait("it went away when others had been faster")])
  }

  @Test func `a lock on the server is waited out, ten times`() {
    var course = PushCourse()
    for number in 1..<PushCourse.mostStandstills {
      #expect(course.next(after: .lost(ledger, .unmoved)) == .push(pause: number))
    }
    #expect(course.next(after: .lost(ledger, .unmoved)) == .waitLocked)
  }

  @Test func `a branch that is elsewhere is named, when the ledger's ref is not`() {
    #expect(steps(.lost(branch, .unmoved)) == [.branchMoved(branch[0])])
    #expect(steps(.lost(ledger + branch, .unmoved)) == [.push(pause: 1)])
    #expect(steps(.lost([], .unmoved)) == [.push(pause: 1)])
  }

  @Test func `every course ends`() {
    let looks: [PushCourse.Look] = [.arrived, .unreachable, .unmoved, .moved]
    let answers =
      looks.flatMap { [PushCourse.Answer.lost(ledger, $0), .lost(branch, $0), .cutOff("x", $0)] }
      + [.rejected("no")]
    for first in answers {
      for second in answers {
        for third in answers {
          var course = PushCourse()
          var round = 0
          while case .push = course.next(after: [first, second, third][min(round, 2)]) {
            round += 1
            if round > 20 { break }
          }
          #expect(round <= PushCourse.mostPushes + PushCourse.mostStandstills)
        }
      }
    }
  }
}
