/// Formats of runners that were not at hand, written down from their documentation and sources.
enum DocumentedOutput {
  static let goFailing = #"""
    # example.com/m/broken
    broken/a.go:7:2: undefined: missing
    --- FAIL: TestSum (0.00s)
        sum_test.go:12: got 3, want 4
        sum_test.go:13: and more
        --- FAIL: TestSum/negative (0.00s)
            sum_test.go:20: negative
    FAIL
    FAIL\#texample.com/m/sum\#t0.004s
    ok  \#texample.com/m/fine\#t(cached)
    ok  \#texample.com/m/none\#t0.002s [no tests to run]
    ?   \#texample.com/m/cmd\#t[no test files]
    FAIL\#texample.com/m/broken [build failed]
    FAIL
    """#

  static let goVerbose = #"""
    === RUN   TestA
        a_test.go:5: said while running
    --- FAIL: TestA (0.00s)
    === RUN   TestB
    --- PASS: TestB (0.00s)
    === RUN   TestC
        a_test.go:15: no
    --- SKIP: TestC (0.00s)
    FAIL
    FAIL\#texample.com/m\#t0.002s
    FAIL
    """#

  static let goNoFiles = #"""
    ?   \#texample.com/m\#t[no test files]
    ?   \#texample.com/m/cmd\#t[no test files]
    """#

  static let goNothingSelected = #"""
    testing: warning: no tests to run
    PASS
    ok  \#texample.com/m\#t0.002s [no tests to run]
    """#

  static let nextest = #"""
        Finished `test` profile [unoptimized + debuginfo] target(s) in 0.05s
    ────────────
     Nextest run ID 4d9beca9 with nextest profile: default
        Starting 3 tests across 1 binary (1 test skipped)
            PASS [   0.004s] rs tests::ok
            FAIL [   0.005s] rs tests::bad
      stdout ───

        running 1 test
        test tests::bad ... FAILED

      stderr ───

        thread 'tests::bad' panicked at src/lib.rs:6:59:
        assertion `left == right` failed: sum
          left: 2
         right: 3
        note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

         SIGSEGV [   0.005s] rs tests::crash
    ────────────
         Summary [   0.006s] 3 tests run: 1 passed, 2 failed, 1 skipped
            FAIL [   0.005s] rs tests::bad
         SIGSEGV [   0.005s] rs tests::crash
    error: test run failed
    """#

  static let surefire = #"""
    [INFO] -------------------------------------------------------
    [INFO]  T E S T S
    [INFO] -------------------------------------------------------
    [INFO] Running com.example.AppTest
    [ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 1, Time elapsed: 0.03 s <<< FAILURE! -- in com.example.AppTest
    [ERROR] com.example.AppTest.testFoo -- Time elapsed: 0.004 s <<< FAILURE!
    [INFO]
    [INFO] Results:
    [INFO]
    [ERROR] Failures:
    [ERROR]   AppTest.testFoo:15 expected: <1>
     but was: <2>
    [ERROR] Errors:
    [ERROR]   AppTest.testBar:20->helper:31 » NullPointer
    [INFO]
    [ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 1
    [INFO]
    [INFO] BUILD FAILURE
    """#

  static let surefireNothing = #"""
    [INFO] --- maven-surefire-plugin:2.12.4:test (default-test) @ app ---
    [INFO] No tests to run.
    [INFO] BUILD SUCCESS
    """#

  static let mavenNotCompiling = #"""
    [ERROR] COMPILATION ERROR :
    [ERROR] /src/main/java/App.java:[5,10] cannot find symbol
    [ERROR]   symbol:   variable x
    [INFO] 1 error
    """#

  static let ctest = #"""
    Test project /build
        Start 1: one
    1/4 Test #1: one ..............................   Passed    0.00 sec
        Start 2: two
    2/4 Test #2: two ..............................***Failed    0.00 sec
        Start 3: three
    3/4 Test #3: three ............................***Skipped   0.00 sec
        Start 4: four
    4/4 Test #4: four .............................***Exception: SegFault  0.10 sec

    50% tests passed, 2 tests failed out of 4

    Total Test time (real) =   0.12 sec

    The following tests did not run:
    \#t  3 - three (Skipped)

    The following tests FAILED:
    \#t  2 - two (Failed)
    \#t  4 - four (SEGFAULT)
    Errors while running CTest
    """#

  static let ctestNothing = #"""
    Test project /build
    No tests were found!!!
    """#

  static let compilers = #"""
    gcc -c a.c
    a.c: In function 'main':
    a.c:3:5: error: 'x' undeclared (first use in this function)
        3 |     x = 1;
    a.c:9:1: warning: control reaches end
    src/b.h:1:10: fatal error: nothere.h: No such file or directory
    Foo.java:5: error: cannot find symbol
    src/c.ts(3,5): error TS2322: Type 'string' is not assignable
    src/d.ts:4:1 - error TS2304: Cannot find name 'y'.
    12:30:01: error: only a clock
    """#
}
