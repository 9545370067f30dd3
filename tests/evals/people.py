"""Invented people whose CVs are set in six layouts: the truth that reading them back is held against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    title: str
    company: str
    city: str
    start: str
    end: str
    bullets: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    degree: str
    institution: str
    city: str
    start: str
    end: str


@dataclass(frozen=True)
class Person:
    language: str
    name: str
    title: str
    email: str
    phone: str
    city: str
    links: tuple[str, ...]
    summary: str
    jobs: tuple[Job, ...]
    studies: tuple[Study, ...]
    skills: tuple[str, ...]
    tools: tuple[str, ...]
    soft: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    interests: tuple[str, ...] = ()


PEOPLE: tuple[Person, ...] = (
    Person(
        "fr",
        "Camille Renard",
        "Développeuse Python senior",
        "camille.renard@exemple.fr",
        "+33 6 12 34 56 78",
        "Lyon",
        ("linkedin.com/in/camille-renard", "github.com/crenard"),
        "Développeuse back-end avec neuf ans d'expérience dans la conception de services web fiables et documentés "
        "pour "
        "des équipes produit.",
        (
            Job(
                "Développeuse Python senior",
                "Nordlac Logiciels",
                "Lyon",
                "2020-03",
                "present",
                (
                    "Conception d'une API de facturation utilisée par 240 clients professionnels",
                    "Réduction de 35 % du temps de réponse moyen grâce à un cache partagé",
                    "Animation des revues de code et accueil des nouveaux arrivants dans l'équipe",
                ),
            ),
            Job(
                "Ingénieure logiciel",
                "Groupe Aravis",
                "Grenoble",
                "2017-09",
                "2020-02",
                (
                    "Migration d'une application monolithique vers quatre services indépendants",
                    "Mise en place de l'intégration continue et des tests automatisés",
                ),
            ),
            Job(
                "Développeuse web",
                "Atelier Pixel SARL",
                "Annecy",
                "2015-01",
                "2017-08",
                (
                    "Développement de sites marchands pour des artisans de la région",
                    "Maintenance d'un extranet de réservation pour une chaîne d'hôtels",
                ),
            ),
        ),
        (
            Study("Diplôme d'ingénieur", "INSA Lyon", "Lyon", "2009-09", "2014-06"),
            Study("Baccalauréat scientifique", "Lycée Berthollet", "Annecy", "2006-09", "2009-07"),
        ),
        ("Python", "SQL", "JavaScript"),
        ("Django", "PostgreSQL", "Docker", "Git"),
        ("Rigueur", "Esprit d'équipe"),
        (("Français", "langue maternelle"), ("Anglais", "C1"), ("Espagnol", "B1")),
        ("Escalade", "Photographie"),
    ),
    Person(
        "fr",
        "Yanis Bouvier",
        "Comptable général",
        "y.bouvier@courriel.exemple",
        "07 45 22 18 90",
        "Nantes",
        ("linkedin.com/in/yanis-bouvier",),
        "Comptable rigoureux, à l'aise avec les clôtures mensuelles et le suivi de la trésorerie d'entreprises de "
        "taille "
        "moyenne.",
        (
            Job(
                "Comptable général",
                "Transports Maréchal SAS",
                "Nantes",
                "2019-06",
                "present",
                (
                    "Tenue de la comptabilité générale de trois filiales",
                    "Préparation des déclarations de TVA et des clôtures mensuelles",
                    "Division par deux du délai de clôture en dix-huit mois",
                ),
            ),
            Job(
                "Assistant comptable",
                "Cabinet Leroy & Associés",
                "Rennes",
                "2016-10",
                "2019-05",
                (
                    "Saisie des factures et rapprochements bancaires pour quarante dossiers",
                    "Accueil téléphonique des clients du cabinet",
                ),
            ),
        ),
        (
            Study("Licence professionnelle comptabilité", "Université de Nantes", "Nantes", "2015-09", "2016-06"),
            Study("BTS Comptabilité et gestion", "Lycée La Colinière", "Nantes", "2013-09", "2015-06"),
        ),
        ("Comptabilité générale", "Fiscalité", "Contrôle de gestion"),
        ("Sage 100", "Microsoft Excel", "Cegid"),
        ("Autonomie", "Discrétion"),
        (("Français", "natif"), ("Anglais", "B2")),
    ),
    Person(
        "en",
        "Harriet Colebrook",
        "Product Manager",
        "harriet.colebrook@example.com",
        "+44 20 7946 0123",
        "Bristol",
        ("linkedin.com/in/hcolebrook",),
        "Product manager who turns customer interviews into small releases and measures what each one changes for the "
        "people who use it.",
        (
            Job(
                "Senior Product Manager",
                "Larkfield Software Ltd",
                "Bristol",
                "2021-02",
                "present",
                (
                    "Own the roadmap of a scheduling product used by 1,800 clinics",
                    "Raised trial conversion from 11% to 19% by rebuilding the first session",
                    "Coach two associate product managers",
                ),
            ),
            Job(
                "Product Manager",
                "Otterway",
                "London",
                "2018-05",
                "2021-01",
                (
                    "Launched a self-service billing portal with a team of seven",
                    "Cut support tickets about invoices by 40%",
                ),
            ),
            Job(
                "Business Analyst",
                "Penhallow Insurance Group",
                "Exeter",
                "2015-09",
                "2018-04",
                (
                    "Wrote requirements for the renewal of the claims system",
                    "Ran workshops with brokers in five regions",
                ),
            ),
        ),
        (
            Study("MSc Human-Computer Interaction", "University of Bath", "Bath", "2014-09", "2015-08"),
            Study("BA Psychology", "Cardiff University", "Cardiff", "2011-09", "2014-07"),
        ),
        ("Product management", "A/B testing", "SQL"),
        ("Jira", "Figma", "Amplitude"),
        ("Communication", "Leadership"),
        (("English", "native"), ("French", "intermediate")),
        ("Rowing", "Ceramics"),
    ),
    Person(
        "en",
        "Tobias Oakhurst",
        "Maintenance Technician",
        "tobias.oakhurst@mail.example",
        "(503) 555-0148",
        "Portland",
        ("toakhurst.dev",),
        "Electromechanical technician with a decade on packaging lines, used to night shifts and to explaining repairs "
        "to operators.",
        (
            Job(
                "Maintenance Technician",
                "Redwood Packaging Inc.",
                "Portland",
                "2016-04",
                "present",
                (
                    "Repair and adjust twelve packaging lines on a rotating shift",
                    "Lowered unplanned stops by 22% with a weekly inspection plan",
                ),
            ),
            Job(
                "Electrician",
                "Calder Construction",
                "Seattle",
                "2012-06",
                "2016-03",
                ("Installed wiring and panels in commercial buildings", "Read drawings and trained three apprentices"),
            ),
        ),
        (
            Study("Associate Degree in Electronics", "Portland Community College", "Portland", "2010-09", "2012-05"),
            Study("High School Diploma", "Franklin High School", "Portland", "2006-09", "2010-06"),
        ),
        ("Hydraulics", "Preventive maintenance", "PLC programming"),
        ("AutoCAD", "SAP"),
        ("Problem solving", "Reliability"),
        (("English", "native"), ("Spanish", "basic")),
    ),
    Person(
        "de",
        "Annika Voss",
        "Softwareentwicklerin",
        "annika.voss@beispiel.de",
        "+49 170 5550123",
        "Hamburg",
        ("github.com/annikavoss", "xing.com/profile/Annika_Voss"),
        "Entwicklerin mit Schwerpunkt auf Schnittstellen und Datenmodellen, die gern mit Fachabteilungen "
        "zusammenarbeitet "
        "und Wissen weitergibt.",
        (
            Job(
                "Softwareentwicklerin",
                "Hafenlogik GmbH",
                "Hamburg",
                "2019-04",
                "present",
                (
                    "Entwicklung einer Plattform zur Planung von Containertransporten",
                    "Senkung der Ladezeiten um 45 % durch neue Abfragen",
                    "Einführung von Code-Reviews im Team",
                ),
            ),
            Job(
                "Junior-Entwicklerin",
                "Bergmann Systeme AG",
                "Hannover",
                "2016-10",
                "2019-03",
                (
                    "Pflege eines Kundenportals für Energieversorger",
                    "Automatisierung der Auslieferung auf vier Umgebungen",
                ),
            ),
        ),
        (
            Study("Master Informatik", "Technische Universität Braunschweig", "Braunschweig", "2014-10", "2016-09"),
            Study("Bachelor Informatik", "Universität Göttingen", "Göttingen", "2011-10", "2014-09"),
        ),
        ("Java", "SQL", "Softwarearchitektur"),
        ("Spring Boot", "PostgreSQL", "Docker"),
        ("Teamfähigkeit", "Eigeninitiative"),
        (("Deutsch", "Muttersprache"), ("Englisch", "C1")),
        ("Segeln", "Chorgesang"),
    ),
    Person(
        "de",
        "Jonas Albrecht",
        "Pflegefachmann",
        "jonas.albrecht@post.example",
        "0171 5559876",
        "Köln",
        (),
        "Examinierter Pflegefachmann mit Erfahrung auf chirurgischen Stationen, ruhig in Notfällen und geschätzt für "
        "genaue Dokumentation.",
        (
            Job(
                "Pflegefachmann",
                "Klinikum Rheinblick",
                "Köln",
                "2018-08",
                "present",
                (
                    "Versorgung von bis zu zwölf Patienten je Schicht auf der Chirurgie",
                    "Anleitung von Auszubildenden im zweiten und dritten Lehrjahr",
                ),
            ),
            Job(
                "Gesundheits- und Krankenpfleger",
                "Seniorenheim Lindenhof",
                "Bonn",
                "2014-10",
                "2018-07",
                ("Planung der Medikamentengabe für zwei Wohnbereiche", "Gespräche mit Angehörigen und Hausärzten"),
            ),
        ),
        (
            Study("Ausbildung zum Gesundheits- und Krankenpfleger", "Pflegeschule Bonn", "Bonn", "2011-10", "2014-09"),
            Study("Abitur", "Gymnasium Rodenkirchen", "Köln", "2003-08", "2011-06"),
        ),
        ("Wundversorgung", "Patientenversorgung", "Hygiene"),
        ("Microsoft Office",),
        ("Belastbarkeit", "Empathie"),
        (("Deutsch", "Muttersprache"), ("Englisch", "gute Kenntnisse"), ("Türkisch", "Grundkenntnisse")),
    ),
    Person(
        "es",
        "Lucía Herrero",
        "Responsable de marketing digital",
        "lucia.herrero@ejemplo.es",
        "+34 612 345 678",
        "Valencia",
        ("linkedin.com/in/luciaherrero",),
        "Especialista en captación y contenidos con ocho años de experiencia en comercio electrónico y en equipos "
        "repartidos por varias ciudades.",
        (
            Job(
                "Responsable de marketing digital",
                "Naranjal Comercio S.L.",
                "Valencia",
                "2020-01",
                "present",
                (
                    "Gestión de un presupuesto anual de publicidad en buscadores",
                    "Aumento del 60 % de las ventas en línea en dos años",
                    "Coordinación de un equipo de cuatro personas",
                ),
            ),
            Job(
                "Técnica de marketing",
                "Grupo Talavera",
                "Madrid",
                "2016-11",
                "2019-12",
                (
                    "Redacción de boletines y campañas de correo para 90.000 suscriptores",
                    "Análisis semanal de resultados para la dirección",
                ),
            ),
        ),
        (
            Study("Máster en Marketing Digital", "Universidad Complutense de Madrid", "Madrid", "2015-09", "2016-06"),
            Study("Grado en Publicidad", "Universidad de Alicante", "Alicante", "2011-09", "2015-06"),
        ),
        ("SEO", "Marketing de contenidos", "Análisis de datos"),
        ("Google Analytics", "HubSpot", "WordPress"),
        ("Creatividad", "Trabajo en equipo"),
        (("Español", "nativo"), ("Inglés", "C1"), ("Catalán", "B2")),
        ("Senderismo", "Cine"),
    ),
    Person(
        "es",
        "Martín Etxeberria",
        "Ingeniero mecánico",
        "martin.etxeberria@correo.example",
        "+34 655 010 203",
        "Bilbao",
        ("linkedin.com/in/martinetx",),
        "Ingeniero de producto orientado a la industria del automóvil, con experiencia en diseño, ensayos y relación "
        "con "
        "proveedores.",
        (
            Job(
                "Ingeniero mecánico",
                "Ibaizabal Automoción S.A.",
                "Bilbao",
                "2017-03",
                "present",
                (
                    "Diseño de soportes de motor para dos plataformas de vehículos",
                    "Reducción del peso de una pieza en un 18 %",
                    "Seguimiento de ensayos con tres proveedores",
                ),
            ),
            Job(
                "Becario de ingeniería",
                "Talleres Urbasa",
                "Vitoria-Gasteiz",
                "2016-02",
                "2016-12",
                (
                    "Preparación de planos y listas de materiales",
                    "Apoyo en el control de calidad de la línea de montaje",
                ),
            ),
        ),
        (
            Study("Máster en Ingeniería Industrial", "Universidad del País Vasco", "Bilbao", "2014-09", "2016-07"),
            Study("Grado en Ingeniería Mecánica", "Universidad de Navarra", "Pamplona", "2010-09", "2014-06"),
        ),
        ("Diseño mecánico", "Elementos finitos", "Control de calidad"),
        ("CATIA", "SolidWorks", "ANSYS"),
        ("Rigor", "Iniciativa"),
        (("Español", "nativo"), ("Euskera", "B2"), ("Inglés", "C1")),
        ("Montañismo", "Ajedrez"),
    ),
)
