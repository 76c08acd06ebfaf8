// <phone-bar for="place-id">: the bar that leads to a form goes while the form there is on screen.
class PhoneBar extends HTMLElement {
  connectedCallback() {
    const place = document.getElementById(this.getAttribute("for"));
    const form = place?.querySelector("form") ?? place;
    if (!form) return;
    this.watcher = new IntersectionObserver(([seen]) => { this.hidden = seen.isIntersecting; });
    this.watcher.observe(form);
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
  }
}

customElements.define("phone-bar", PhoneBar);
