/* Looks again while an action is under way; without this script the page does so by itself, less often. */
if (document.querySelector("[data-running]")) {
  setTimeout(() => location.reload(), 1000);
}
