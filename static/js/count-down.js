// <count-down iso="2027-05-12T08:00:00Z" now="…" over="Opening now">: keeps the server's numbers true.
// In the last hour it shows minutes and seconds. role=timer is silent, so nobody is read a ticking clock.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

class CountDown extends HTMLElement {
  connectedCallback() {
    // The shop's clock, not the visitor's: a wrong watch must not move the day.
    const server = Date.parse(this.getAttribute("now") ?? "");
    this.drift = Number.isNaN(server) ? 0 : server - Date.now();
    this.end = Date.parse(this.getAttribute("iso"));
    this.tick();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  tick() {
    const left = Math.floor((this.end - Date.now() - this.drift) / 1000);
    if (left <= 0) {
      this.over();
      return;
    }
    this.show(left < 3600 ? UNITS.slice(2) : UNITS.slice(0, 3), left);
    this.timer = setTimeout(() => this.tick(), left <= 3660 ? 1000 : (left % 60) * 1000 + 1000);
  }

  show(units, left) {
    if (this.children.length !== units.length) {
      this.replaceChildren(...units.map(() => document.createElement("span")));
    }
    let rest = left;
    units.forEach(([word, seconds], at) => {
      const count = Math.floor(rest / seconds);
      rest -= count * seconds;
      this.write(this.children[at], count, count === 1 ? word : `${word}s`);
    });
  }

  write(place, count, word) {
    const text = `${count} ${word}`;
    if (place.textContent.trim().replace(/\s+/g, " ") === text) return;
    const number = document.createElement("b");
    number.textContent = count;
    place.replaceChildren(number, ` ${word}`);
  }

  over() {
    const words = document.createElement("b");
    words.textContent = this.getAttribute("over") ?? "Opening now";
    this.replaceChildren(words);
  }
}

customElements.define("count-down", CountDown);
