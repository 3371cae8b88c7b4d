// Puts newer content in place of the page's, without a flash. Without this script the page is loaded anew as a whole.
"use strict";
const wait = () => setTimeout(renew, 1000 * (Number(document.querySelector("main").dataset.refresh) || 1e6));
const renew = async () => {
  const main = document.querySelector("main");
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    if (!main.contains(document.activeElement)) main.replaceWith(page.querySelector("main"));
  } catch {
    main.querySelector(".lost").hidden = false;
  }
  wait();
};
wait();
