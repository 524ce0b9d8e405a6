"""Somebody saved meanwhile: a form that does not save over it."""

from hashlib import sha256
from typing import Any

from django import forms
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config.admin.shown import shown


class StaleGuardForm(forms.ModelForm):
    """Refuses to save over what somebody else has saved since the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = self._fingerprint(self.instance)

    def clean(self) -> dict[str, Any]:
        """The values. The row stays locked until it is saved, so nobody comes between."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance.pk:
            return cleaned
        rows = type(self.instance)._default_manager.select_for_update(no_key=True)
        current = rows.filter(pk=self.instance.pk).first()
        if current is None:
            raise forms.ValidationError("Somebody has deleted this meanwhile.", code="stale")
        if self._fingerprint(current) != cleaned.get("seen"):
            raise forms.ValidationError(self._both_versions(current), code="stale")
        return cleaned

    def _fingerprint(self, row: models.Model) -> str:
        """What the form's fields hold in the database, relations to many included, as a digest."""
        values = forms.model_to_dict(row, [name for name in self.fields if name != "seen"])
        for field in row._meta.many_to_many:
            if field.name in values:
                values[field.name] = sorted(related.pk for related in values[field.name])
        return sha256(repr(sorted(values.items())).encode()).hexdigest()

    def _both_versions(self, current: models.Model) -> SafeString:
        """What is there now beside what was typed, for each field in which they differ."""
        names = [f.name for f in current._meta.concrete_fields if f.name in self.fields]
        differing = [
            (self.fields[name].label or name, shown(theirs), shown(yours))
            for name in names
            for theirs in [getattr(current, name)]
            for yours in [self.cleaned_data.get(name, self.data.get(self.add_prefix(name)))]
            if theirs != yours
        ]
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", differing)
        return format_html(
            "Somebody saved this while you were editing, so nothing of yours was saved. "
            '<a href="">Open it as it is now</a> and make your change again.'
            '<table class="versions"><thead><tr><th>Field</th><th>Now</th><th>Yours</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            rows,
        )
