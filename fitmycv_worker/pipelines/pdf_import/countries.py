"""Names of countries in four languages and their codes."""

from fitmycv_admin.domain.cvs import wording

_NAMES = {
    "FR": "france frankreich francia",
    "DE": "germany allemagne deutschland alemania",
    "ES": "spain espagne spanien espana",
    "GB": "united kingdom|uk|royaume uni|england|angleterre|grossbritannien|"
    "vereinigtes konigreich|reino unido|inglaterra|scotland|great britain|gran bretana|wales",
    "US": "united states|usa|us|etats unis|vereinigte staaten|estados unidos|ee uu|united states of america",
    "BE": "belgium belgique belgien belgica",
    "CH": "switzerland suisse schweiz suiza",
    "LU": "luxembourg luxemburg luxemburgo",
    "AT": "austria autriche osterreich",
    "IT": "italy italie italien italia",
    "PT": "portugal",
    "NL": "netherlands|pays bas|niederlande|paises bajos|the netherlands|holland|holanda",
    "IE": "ireland irlande irland irlanda",
    "CA": "canada kanada",
    "MX": "mexico mexique mexiko",
    "AR": "argentina argentine argentinien",
    "CO": "colombia colombie kolumbien",
    "CL": "chile chili",
    "PE": "peru perou",
    "MA": "morocco maroc marokko marruecos",
    "TN": "tunisia tunisie tunesien tunez",
    "DZ": "algeria algerie algerien argelia",
    "SN": "senegal",
    "CI": "ivory coast|cote d ivoire|elfenbeinkuste",
    "PL": "poland pologne polen polonia",
    "SE": "sweden suede schweden suecia",
    "DK": "denmark danemark danemark",
    "NO": "norway norvege norwegen noruega",
    "FI": "finland finlande finnland finlandia",
    "TR": "turkey turquie turkei turquia turkiye",
    "IN": "india inde indien",
    "CN": "china chine",
    "JP": "japan japon",
    "BR": "brazil bresil brasilien brasil",
    "AU": "australia australie australien",
    "SG": "singapore singapour singapur",
    "RO": "romania roumanie rumanien rumania",
    "GR": "greece grece griechenland grecia",
    "CZ": "czechia|czech republic|tchequie|tschechien|chequia|republique tcheque",
    "HU": "hungary hongrie ungarn hungria",
    "AE": "united arab emirates|uae|emirats arabes unis|dubai",
}
_CODES = {
    name: code for code, names in _NAMES.items() for name in (names.split("|") if "|" in names else names.split())
}


def code(name: str | None) -> str | None:
    """The ISO 3166-1 code of a country named in French, English, German or Spanish."""
    return _CODES.get(wording.folded(name)) if name else None
