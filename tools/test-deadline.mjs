// Loaded into every test file's process (./test): node's own --test-timeout ends a test, but not a file that
// something keeps alive. JavaScript, since it is loaded before any test and stripping types would cost each one.
const deadlineMs = Number(process.env.XYLEM_TEST_FILE_TIMEOUT_MS ?? 300_000);

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  const giveUp = () => {
    const alive = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(
      `${process.argv[1]} still runs after ${deadlineMs / 1000} s; what keeps it: ${alive}\n`,
    );
    process.exit(1);
  };
  setTimeout(giveUp, deadlineMs).unref();
}
