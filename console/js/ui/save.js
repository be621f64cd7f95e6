// Gives a file to the browser, which keeps it where its person wants.

/** @param {string} text @param {string} type such as `text/calendar` @param {string} name */
export function save(text, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}
