/// What swift 6.3.1 printed, with fewer build steps.
enum SwiftOutput {
  static let failing = #"""
    Building for debugging...
    [4/15] Compiling Lib a.swift
    [8/18] Compiling LibTests x.swift
    [10/19] Compiling LibTests y.swift
    [16/22] Compiling swPackageDiscoveredTests LibTests.swift
    [17/23] Compiling swPackageDiscoveredTests all-discovered-tests.swift
    [23/26] Compiling swPackageTests runner.swift
    Build complete! (14.78s)
    Test Suite 'All tests' started at 2026-11-21 03:49:27.800
    Test Suite 'debug.xctest' started at 2026-11-21 03:49:27.864
    Test Suite 'OldTests' started at 2026-11-21 03:49:27.864
    Test Case 'OldTests.testBad' started at 2026-11-21 03:49:27.864
    /tmp/fx/sw/Tests/LibTests/x.swift:5: error: OldTests.testBad : XCTAssertEqual failed: ("1") is not equal to ("2") - one is two
    Test Case 'OldTests.testBad' failed (0.004 seconds)
    Test Case 'OldTests.testOk' started at 2026-11-21 03:49:27.868
    Test Case 'OldTests.testOk' passed (0.0 seconds)
    Test Case 'OldTests.testSkip' started at 2026-11-21 03:49:27.868
    /tmp/fx/sw/Tests/LibTests/x.swift:6: OldTests.testSkip : Test skipped - no
    Test Case 'OldTests.testSkip' skipped (0.0 seconds)
    Test Suite 'OldTests' failed at 2026-11-21 03:49:27.868
    \#t Executed 3 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.004 (0.004) seconds
    Test Suite 'debug.xctest' failed at 2026-11-21 03:49:27.868
    \#t Executed 3 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.004 (0.004) seconds
    Test Suite 'All tests' failed at 2026-11-21 03:49:27.868
    \#t Executed 3 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.004 (0.004) seconds
    ◇ Test run started.
    ↳ Testing Library Version: 6.3.1 (937120cbc281cf2)
    ↳ Target Platform: x86_64-unknown-linux-gnu
    ◇ Suite NewTests started.
    ◇ Test "bad one" started.
    ◇ Test par(n:) started.
    ◇ Test ok() started.
    ➜ Test off() skipped: "no"
    ◇ Test case passing 1 argument n → 1 to par(n:) started.
    ◇ Test case passing 1 argument n → 2 to par(n:) started.
    ✘ Test par(n:) recorded an issue with 1 argument n → 2 at y.swift:6:46: Expectation failed: (n → 2) == 1
    ✘ Test "bad one" recorded an issue at y.swift:5:33: Expectation failed: (one() → 1) == 2
    ↳ a comment
    ✔ Test ok() passed after 0.001 seconds.
    ✘ Test "bad one" failed after 0.001 seconds with 1 issue.
    ✘ Test par(n:) with 2 test cases failed after 0.001 seconds with 1 issue.
    ✘ Suite NewTests failed after 0.003 seconds with 2 issues.
    ✘ Test run with 4 tests in 1 suite failed after 0.005 seconds with 2 issues.
    """#

  static let parallel = #"""
    Building for debugging...
    [0/3] Write swift-version-6A52383ED409C6A7.txt
    Build complete! (0.18s)
    [1/3] Testing LibTests.OldTests/testOk
    [2/3] Testing LibTests.OldTests/testBad
    [3/3] Testing LibTests.OldTests/testSkip
    Test Suite 'Selected tests' started at 2026-11-21 03:49:31.003
    Test Suite 'OldTests' started at 2026-11-21 03:49:31.004
    Test Case 'OldTests.testBad' started at 2026-11-21 03:49:31.004
    /tmp/fx/sw/Tests/LibTests/x.swift:5: error: OldTests.testBad : XCTAssertEqual failed: ("1") is not equal to ("2") - one is two
    Test Case 'OldTests.testBad' failed (0.006 seconds)
    Test Suite 'OldTests' failed at 2026-11-21 03:49:31.010
    \#t Executed 1 test, with 1 failure (0 unexpected) in 0.006 (0.006) seconds
    Test Suite 'Selected tests' failed at 2026-11-21 03:49:31.010
    \#t Executed 1 test, with 1 failure (0 unexpected) in 0.006 (0.006) seconds

    ◇ Test run started.
    ↳ Testing Library Version: 6.3.1 (937120cbc281cf2)
    ↳ Target Platform: x86_64-unknown-linux-gnu
    ◇ Suite NewTests started.
    ➜ Test off() skipped: "no"
    ◇ Test "bad one" started.
    ◇ Test ok() started.
    ◇ Test par(n:) started.
    ✘ Test "bad one" recorded an issue at y.swift:5:33: Expectation failed: (one() → 1) == 2
    ↳ a comment
    ◇ Test case passing 1 argument n → 1 to par(n:) started.
    ◇ Test case passing 1 argument n → 2 to par(n:) started.
    ✘ Test par(n:) recorded an issue with 1 argument n → 2 at y.swift:6:46: Expectation failed: (n → 2) == 1
    ✘ Test "bad one" failed after 0.001 seconds with 1 issue.
    ✔ Test ok() passed after 0.001 seconds.
    ✘ Test par(n:) with 2 test cases failed after 0.001 seconds with 1 issue.
    ✘ Suite NewTests failed after 0.001 seconds with 2 issues.
    ✘ Test run with 4 tests in 1 suite failed after 0.002 seconds with 2 issues.
    """#

  static let nothingSelected = #"""
    Building for debugging...
    [0/3] Write swift-version-6A52383ED409C6A7.txt
    Build complete! (0.10s)
    warning: No matching test cases were run
    Test Suite 'Selected tests' started at 2026-11-21 03:49:30.259
    Test Suite 'Selected tests' passed at 2026-11-21 03:49:30.260
    \#t Executed 0 tests, with 0 failures (0 unexpected) in 0.0 (0.0) seconds
    ◇ Test run started.
    ↳ Testing Library Version: 6.3.1 (937120cbc281cf2)
    ↳ Target Platform: x86_64-unknown-linux-gnu
    ✔ Test run with 0 tests in 0 suites passed after 0.001 seconds.
    """#

  static let allSkipped = #"""
    Building for debugging...
    [0/3] Write swift-version-6A52383ED409C6A7.txt
    Build complete! (0.12s)
    Test Suite 'Selected tests' started at 2026-11-21 03:49:29.741
    Test Suite 'OldTests' started at 2026-11-21 03:49:29.743
    Test Case 'OldTests.testSkip' started at 2026-11-21 03:49:29.743
    /tmp/fx/sw/Tests/LibTests/x.swift:6: OldTests.testSkip : Test skipped - no
    Test Case 'OldTests.testSkip' skipped (0.001 seconds)
    Test Suite 'OldTests' passed at 2026-11-21 03:49:29.745
    \#t Executed 1 test, with 1 test skipped and 0 failures (0 unexpected) in 0.001 (0.001) seconds
    Test Suite 'Selected tests' passed at 2026-11-21 03:49:29.745
    \#t Executed 1 test, with 1 test skipped and 0 failures (0 unexpected) in 0.001 (0.001) seconds
    ◇ Test run started.
    ↳ Testing Library Version: 6.3.1 (937120cbc281cf2)
    ↳ Target Platform: x86_64-unknown-linux-gnu
    ✔ Test run with 0 tests in 0 suites passed after 0.001 seconds.
    """#

  static let notCompiling = #"""
    Building for debugging...
    [0/4] Write sources
    [1/4] Write swift-version-6A52383ED409C6A7.txt
    error: emit-module command failed with exit code 1 (use -v to see invocation)
    [3/6] Emitting module Lib
    /tmp/fx/sw/Sources/Lib/a.swift:2:14: error: cannot convert value of type 'String' to specified type 'Int'
    1 | public func one() -> Int { 1 }
    2 | let z: Int = "s"
      |              `- error: cannot convert value of type 'String' to specified type 'Int'
    3 |\#u{20}
    [4/6] Compiling Lib a.swift
    /tmp/fx/sw/Sources/Lib/a.swift:2:14: error: cannot convert value of type 'String' to specified type 'Int'
    1 | public func one() -> Int { 1 }
    2 | let z: Int = "s"
      |              `- error: cannot convert value of type 'String' to specified type 'Int'
    3 |\#u{20}
    error: fatalError
    """#
}
