// Puts newer content in place of the page's, without a flash, and asks for drawings that fit a narrow screen.
// Without this script the page is loaded anew as a whole, and a link asks for such drawings.
"use strict";
const narrow = matchMedia("(max-width:640px)");
let timer;
const address = () => {
  const url = new URL(location.href);
  if (narrow.matches) url.searchParams.set("narrow", "1");
  return url;
};
// What the reader has opened stays open, and what the keyboard stands on stays in hand.
const KEEPS = "a,button,input,select,summary";
const keep = (from, to) => {
  const opened = to.querySelectorAll("details");
  from.querySelectorAll("details").forEach((one, at) => { if (opened[at]) opened[at].open = one.open; });
  const scrolls = to.querySelectorAll(".scroll,.panel");
  const at = [...from.querySelectorAll(KEEPS)].indexOf(document.activeElement);
  const positions = [...from.querySelectorAll(".scroll,.panel")].map((one) => [one.scrollLeft, one.scrollTop]);
  from.replaceWith(to);
  positions.forEach(([left, top], at) => { if (scrolls[at]) scrolls[at].scrollTo(left, top); });
  if (at >= 0) to.querySelectorAll(KEEPS)[at]?.focus({ preventScroll: true });
};
const renew = async () => {
  clearTimeout(timer);
  const main = document.querySelector("main");
  try {
    const answer = await fetch(address());
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!answer.ok || !page) throw new Error(answer.status);
    // Whoever is choosing something is not disturbed.
    if (!main.querySelector("form").contains(document.activeElement)) keep(main, page);
  } catch {
    main.querySelector(".lost").hidden = false;
  }
  wait();
};
const wait = () => {
  const seconds = Number(document.querySelector("main").dataset.refresh);
  if (seconds) timer = setTimeout(renew, 1000 * seconds);
};
narrow.addEventListener("change", renew);
if (narrow.matches) renew(); else wait();
